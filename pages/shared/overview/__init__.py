"""The overview of all models on all benchmarks: its table."""
