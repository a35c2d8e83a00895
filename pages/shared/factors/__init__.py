"""Pages by factor (size, location, rotation, yaw): controls, tiles, figures, sentences."""
