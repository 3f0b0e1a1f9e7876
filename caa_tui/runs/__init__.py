"""What to run, its events, its results on disk; the worker process and its client."""
