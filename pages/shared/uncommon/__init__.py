"""The page on uncommon settings: its figures, and why a setting costs."""
