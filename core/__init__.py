"""Bandweave's core: radar and optical fusion without a browser."""
