"""What the page Sweeps alone uses: trials as parallel coordinates and as a table."""
