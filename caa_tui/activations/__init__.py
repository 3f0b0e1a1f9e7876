"""Text to pooled hidden states: the only place that imports torch and transformers."""
