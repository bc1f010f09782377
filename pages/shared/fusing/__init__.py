"""The Fuse page's parts: the question, the methods, and what they will take."""
