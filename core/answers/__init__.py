"""What stored results say: questions, the joined table, comparisons, reports, sentences, published marks. No torch."""
