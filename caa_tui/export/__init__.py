"""Results in the formats other programs read."""
