"""Whether models are right for the right reasons: ablations, noise, where they look, the strip of an image."""
