"""Measuring ourselves: the engine against a plain loop, saliency against the grad-cam package. Imports torch."""
