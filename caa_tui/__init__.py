"""caa-tui: curate a story corpus and train concept-readout vectors on it."""

__version__ = "0.1.0"
