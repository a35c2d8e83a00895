r"""What a bundle holds, as JSON values: the page shows it and nothing else, and ``verify`` checks it.

One dict, embedded in the page by ``embedded``::

    format      FORMAT
    title       plain text
    made        ISO 8601, UTC
    offcenter   version that made it
    edition     digest of the code that made its page
    command     what remakes it
    policy      top1 or top5
    models      [{label, source, fingerprint, architecture, preprocessing (words), head, notes}]
    results     [{model, benchmark, title, view, identity, samples_digest, predictions_digest, precision, n, n_samples,
                  complete, imported, versions, overall: {value, low, high, n, n_clusters, unit, how (words, of many
                  views)}}]
    headlines   [{text (Markdown of ``wording``: ** and \ escapes only), benchmark, view, verdict}]
    exhibits    [{id, name, title, benchmark, view, model, finding (Markdown), notes, figure (Plotly JSON, arrays as
                  lists), points: {key_of of a point's customdata: pick id}, csv}]
    warnings    sentences: what a reader should know of the numbers
    start       {exhibit, point}: id and key of the point at which the page opens; empty where that is its top
    picks       {id: {said, model, benchmark, view, n, n_right, chosen (words: how ``images`` were chosen),
                  images: [{image, view, right, predicted, confidence}]}}
    images      {id: {benchmark, sample_id, view, true, picture (id or ""), problem (why there is no picture),
                  answers: {model: {right, top5: [[class name, probability]], saliency (picture id or ""),
                                    why_no_map}}}}
    pictures    {id: data URI; in a folder the path of the file, relative to the page}
    left_out    sentences: what is not inside, and what brings it in
    parts       {part: digest}, see ``parts_of``
    digest      of ``parts``, see ``digest_of``

Numbers are fractions 0..1; what is not known is None. Texts are plain, and hostile until they are escaped. ``right`` is
True, False or None for an image that failed. The verdict of a headline is ``different``, ``equivalent`` or ``unclear``
of two models, ``finding`` of figures and of one model, ``few`` or ``partial`` where nothing is claimed; over several
benchmarks ``benchmark`` and ``view`` are empty.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

#: Of the dict above.
FORMAT = 1
#: The element of the page that holds it.
ELEMENT = "oc-content"
#: The page's file in a folder.
PAGE = "index.html"

Content = dict[str, Any]

#: What may end or begin something in HTML, wherever a parser stands, and what old JavaScript took for a line's end.
_NOT_IN_SCRIPTS = {sign: f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}
#: Whole numbers from here on are written with an exponent in JavaScript, and parts of one below the other.
_LARGE, _SMALL = 1e21, 1e-6


def canonical(value: Any) -> str:
    """JSON that is the same for the same values: sorted keys, no spaces, NaN refused."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def plain(value: Any) -> Any:
    """Values as JSON has them: arrays as lists, what is no number as None, texts that can be encoded."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, Mapping):
        return {plain(str(name)): plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value


def embedded(content: Content) -> str:
    """A content as the text of a script element of type ``application/json``; nothing in it can end the element."""
    return canonical(content).translate(str.maketrans(_NOT_IN_SCRIPTS))


def key_of(customdata: Any) -> str:
    """The key of a point: what JavaScript's ``JSON.stringify`` gives for its customdata.

    So 1.0 is ``1``, -0.0 ``0``, NaN ``null``, 1e-7 ``1e-7`` and text stands as it is.
    """
    if isinstance(customdata, np.ndarray | np.generic):
        customdata = customdata.tolist()
    if isinstance(customdata, list | tuple):
        return f"[{','.join(map(key_of, customdata))}]"
    if isinstance(customdata, float | int) and not isinstance(customdata, bool):
        return _number(float(customdata))
    if isinstance(customdata, str):
        return _lone_as_escapes(json.dumps(customdata, ensure_ascii=False))
    return json.dumps(customdata)


def _number(number: float) -> str:
    """A number as JavaScript writes it; its digits are the shortest that mean it, in both languages."""
    if not math.isfinite(number):
        return "null"
    if number == 0:
        return "0"
    if _SMALL <= abs(number) < _LARGE:
        return np.format_float_positional(number, trim="-")
    digits, _, exponent = np.format_float_scientific(number, trim="-").partition("e")
    return f"{digits}e{int(exponent):+d}"


def _lone_as_escapes(text: str) -> str:
    return re.sub("[\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", text)


def parts_of(content: Content) -> dict[str, str]:
    """SHA-256 (hex) of each part of a content: of each exhibit one, as ``exhibits/ID``; of all else one a name."""
    found = {}
    for name, value in content.items():
        if name == "exhibits":
            found |= {f"exhibits/{each['id']}": _sha256(each) for each in value}
        elif name not in ("parts", "digest"):
            found[name] = _sha256(value)
    return found


def digest_of(content: Content) -> str:
    """SHA-256 (hex) of what ``parts_of`` gives, and so of everything."""
    return _sha256(parts_of(content))


def _sha256(value: Any) -> str:
    return hashlib.sha256(canonical(value).encode()).hexdigest()
