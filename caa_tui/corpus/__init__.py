"""Stories on disk: scan, coverage, findings, safe edit, watch. Knows nothing of models or screens."""
