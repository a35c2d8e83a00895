"""What the libraries of Hugging Face write, read for ``sources/from_transformers``: networks and image processors."""
