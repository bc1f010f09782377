"""What the page Overview alone uses."""
