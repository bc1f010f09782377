"""The Imagery page's parts: importing, checking and cutting scenes."""
