"""Checks of the stories against each other; one module per kind of problem, each a pure function."""
