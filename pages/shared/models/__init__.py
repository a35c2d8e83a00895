"""Models: what is on this machine, whether it answers sensibly, and the same weights under other settings."""
