"""How what ships with the project is built, trained and refreshed: Diorama's pictures, models, results and cards."""
