"""What the pages share: frame, pickers, figures, gallery and the image drawer. A sub-folder is never a page."""
