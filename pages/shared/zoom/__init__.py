"""Whether a model would be right if it looked closer: the atlas of zooms, what looks bring and cost, one image live."""
