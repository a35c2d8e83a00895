"""Where is it worst: by size, location, rotation, or any other factor of any benchmark?"""

from __future__ import annotations

from core.answers import protocols
from pages.shared.factors import any_view, protocol_view, subjects
from pages.shared.page import frame

TITLE = "Factors"


def page() -> None:
    """Draw the page."""
    offered, needed = subjects.offered()
    choice = frame.begin(TITLE, offered, needed)
    found = protocols.of_family(choice.benchmark)
    if found:
        protocol_view.page(TITLE, choice, found)
    else:
        any_view.page(TITLE, choice)


frame.draw(page)
