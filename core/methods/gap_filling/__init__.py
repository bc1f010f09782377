"""Methods that fill gaps, and nothing else."""
