"""A gate for releases: named numbers with a limit each, decided together as pass, fail or inconclusive."""
