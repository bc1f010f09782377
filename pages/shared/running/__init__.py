"""Runs as pages list, watch and describe them."""
