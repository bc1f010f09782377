"""What the page about the paper alone uses."""
