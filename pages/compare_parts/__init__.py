"""What the page Compare alone uses: which images, how laid out, and profiles through them."""
