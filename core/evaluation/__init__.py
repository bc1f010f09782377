"""The only place where truth, estimate and metrics meet."""
