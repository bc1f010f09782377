"""What the page Metrics alone uses."""
