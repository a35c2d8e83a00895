"""What goes into a paper or onto a model's card: tables as text, methods and citations, figures as files."""
