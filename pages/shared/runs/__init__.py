"""The Runs page: the form that starts work, and cards of jobs."""
