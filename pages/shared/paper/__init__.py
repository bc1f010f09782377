"""What the page about the paper is made of."""
