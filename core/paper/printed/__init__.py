"""What the paper prints and describes: its numbers, equations and networks."""
