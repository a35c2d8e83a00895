"""Data of a user's own: tables of samples, what their columns mean, which classes their labels are."""
