"""What the page Runs alone uses: one run in full."""
