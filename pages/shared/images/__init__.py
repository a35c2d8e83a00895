"""The images behind a number: gallery, drawer, and inference on demand."""
