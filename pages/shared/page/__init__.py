"""The frame of every page: sidebar, styles, texts, figures with clicks, cached answers, places in the URL."""
