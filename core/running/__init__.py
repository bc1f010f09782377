"""Who executes runs: the queue and its worker processes."""
