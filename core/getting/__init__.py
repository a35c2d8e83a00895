"""Getting published data: addresses, downloads, unpacking, and what is there."""
