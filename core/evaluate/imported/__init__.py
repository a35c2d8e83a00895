"""Predictions that were made elsewhere: read, matched with a benchmark's images, checked, and stored as a run."""
