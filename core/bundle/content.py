r"""What a bundle holds, as JSON values: the page shows it and nothing else, and ``verify`` checks it.

One dict, embedded in the page::

    format      FORMAT
    title       plain text
    made        ISO 8601, UTC
    offcenter   version that made it
    command     what remakes it
    policy      top1 or top5
    models      [{label, source, fingerprint, architecture, preprocessing (words), head, notes}]
    results     [{model, benchmark, title, view, identity, samples_digest, precision, n, n_samples, complete, imported,
                  versions, overall: {value, low, high, n, n_clusters}}]
    headlines   [{text (Markdown of ``wording``: ** and \ escapes only), benchmark, verdict}]
    exhibits    [{id, name, title, benchmark, view, model, finding (Markdown), notes, figure (Plotly JSON),
                  points: {canonical JSON of a point's customdata: pick id}, csv}]
    picks       {id: {said, model, benchmark, view, n, n_right, images: [{image, view, right, predicted, confidence}]}}
    images      {id: {benchmark, sample_id, true, thumbnail (data URI or ""), problem,
                  answers: {model: {right, top5: [[class name, probability]], saliency (data URI or ""), why_no_map}}}}
    left_out    sentences: what is not inside, and what brings it in
    digest      of all the rest, see ``digest_of``

Numbers are fractions 0..1; what is not known is None. Texts are plain, and hostile until they are escaped.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

#: Of the dict above.
FORMAT = 1
#: The element of the page that holds it.
ELEMENT = "oc-content"

Content = dict[str, Any]


def canonical(value: Any) -> str:
    """JSON that is the same for the same values: sorted keys, no spaces, NaN refused."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest_of(content: Mapping[str, Any]) -> str:
    """SHA-256 over everything but ``digest`` itself."""
    return hashlib.sha256(
        canonical({name: each for name, each in content.items() if name != "digest"}).encode()
    ).hexdigest()
