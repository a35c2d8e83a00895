"""Questions about one image or one run, on demand: resident models, failure panels and strips, probes."""
