"""Imagery for the screen: stretches, colours, tiles, profiles."""
