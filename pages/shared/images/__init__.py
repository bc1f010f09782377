"""Which images are shown of a scene and its results, and in what colours."""
