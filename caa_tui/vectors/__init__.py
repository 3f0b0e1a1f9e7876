"""Activations to vectors, quality numbers and flags: pure functions on arrays, no torch, no files."""
