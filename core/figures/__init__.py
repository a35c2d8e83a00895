"""Metric tables as Plotly figures; no torch, no Streamlit.

Every figure says in its title what is seen, under it n and the interval, and at the bottom the identity of the results.
Colours mean the same everywhere; see ``core.figures.style``.
"""
