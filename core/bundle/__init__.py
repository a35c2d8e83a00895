"""One file to send: headlines, figures, tables and images of stored results in a page that needs no server."""
