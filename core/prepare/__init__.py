"""What is done to imagery before anything is fused: scales, masks, grids, gaps, normalisation."""
