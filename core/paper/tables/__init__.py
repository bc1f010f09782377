"""The paper's tables with ours beside the printed numbers."""
