"""Formats that are no GeoTIFF: each is rewritten as one, in the confined child, or refused."""
