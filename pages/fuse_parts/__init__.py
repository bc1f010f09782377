"""What the page Fuse alone uses: the question, the methods, and how to start."""
