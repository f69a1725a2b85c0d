"""What the application keeps: the chain's index (rebuildable) and its own records (not)."""
