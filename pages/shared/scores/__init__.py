"""Finished runs as tables, charts and files."""
