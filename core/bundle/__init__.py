"""One file to send: headlines, figures, tables and images of stored results in a page that needs no server.

bundle = build(runs, Options(policy="top1"))
bundle.page, bundle.content, bundle.n_bytes
write(bundle, Path("report.html"))
"""

from __future__ import annotations

from core.bundle.filling import Bundle, build, collect
from core.bundle.options import Options
from core.bundle.writing import place_for, write

__all__ = ["Bundle", "Options", "build", "collect", "place_for", "write"]
