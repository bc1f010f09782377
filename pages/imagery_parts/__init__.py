"""What the page Imagery alone uses: importing, checking and cutting scenes."""
