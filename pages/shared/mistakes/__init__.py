"""The Mistakes page: whose mistakes, numbers, figures, card, verdicts, diagnosis."""
