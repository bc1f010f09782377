"""Radar put in the place of part of the optical image, without training."""
