"""One file to send: headlines, figures, tables and images of stored results in a page that needs no server.

bundle = build(runs, Options(policy="top1"))
bundle.page, bundle.content, bundle.n_bytes
write(bundle, Path("report.html"))

``options`` are checked first; ``draft`` has everything but images, of which ``choosing`` and ``filling`` take what has
room (``pictures``, ``answers``); ``content`` is what the page holds, ``page`` writes it (``markup``, ``headlines``,
``results_table``, ``foot``, words by ``words``, and the scripts and styles beside it), ``writing`` puts it in place.
``reading`` and ``verifying``, with ``again``, tell whether it still says what the store says.
"""

from __future__ import annotations

from core.bundle.filling import Bundle, build, collect
from core.bundle.options import Options
from core.bundle.writing import place_for, write

__all__ = ["Bundle", "Options", "build", "collect", "place_for", "write"]
