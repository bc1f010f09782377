"""What pixels are: where they lie, what a scene is made of, and how they are read and written."""
