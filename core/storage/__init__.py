"""How what is kept reaches the disk: whole or not at all, synced, and told from what was left."""
