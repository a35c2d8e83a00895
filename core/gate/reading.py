"""A gate file as YAML whose every value knows its line and column, read as data: no tags, anchors or repeated keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from core import paths
from core.errors import UsageError

#: Bytes of a gate file at the most; a check has some two hundred.
MOST_BYTES = 256 * 1024
#: Levels of nesting at the most; a gate file has six.
_MOST_DEEP = 20
_PREFIX = "tag:yaml.org,2002:"
_NUMBERS, _TRUTHS = (f"{_PREFIX}int", f"{_PREFIX}float"), {"true": True, "yes": True, "false": False, "no": False}
#: Kinds of plain values that YAML tells by themselves; all others than numbers and truths are texts here.
_PLAIN = {f"{_PREFIX}{kind}" for kind in ("str", "int", "float", "bool", "null", "timestamp", "merge", "value")}


class PlacedError(UsageError):
    """An error that says where in the file it is."""


@dataclass(frozen=True)
class Node:
    """A value of a gate file.

    Attributes:
        value: A text, number, truth or None; a dict of nodes by text; a list of nodes.
        text: A plain value as it was typed.
        file: Name of the file.
        line: From 1.
        column: From 1.
        keys: Of a dict, where its keys stand.
    """

    value: Any
    text: str
    file: str
    line: int
    column: int
    keys: Mapping[str, Node] = field(default_factory=dict, repr=False)

    def error(self, said: str) -> PlacedError:
        """An error at this place."""
        return PlacedError(f"{self.file}:{self.line}:{self.column}: {said}")

    @contextmanager
    def placed(self) -> Iterator[None]:
        """Within this context, what is wrong with a name or value says that it was typed here."""
        try:
            yield
        except PlacedError:
            raise
        except UsageError as error:
            raise self.error(str(error)) from error


class _Loader(yaml.SafeLoader):
    """Composes nodes; an anchor, of which few bytes make millions of values, ends it, and so does deep nesting."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()
        if getattr(event, "anchor", None) is not None:
            raise yaml.MarkedYAMLError(
                problem=f"anchors and aliases ('{event.anchor}') are not read: write the value out",
                problem_mark=event.start_mark,
            )
        if self.depth > _MOST_DEEP:
            raise yaml.MarkedYAMLError(problem="nested too deeply for a gate file", problem_mark=event.start_mark)
        self.depth += 1
        found = super().compose_node(parent, index)
        self.depth -= 1
        return found


def read(path: Path) -> Node:
    """What a gate file holds.

    Args:
        path: The file; UTF-8.

    Raises:
        UsageError: If it cannot be read, is too large, or is not the YAML that gate files are; says where.
    """
    if not path.is_file():
        what = "a folder" if path.is_dir() else "not there"
        raise UsageError(f"{path} is {what}: give a gate file; python -m core gate init … writes one.")
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise UsageError(f"{path} has {size:,} bytes: a gate file has {MOST_BYTES:,} at the most.")
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror or error}).") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 (byte {error.start:,}): save it as UTF-8.") from error
    return parsed(text, path.name)


def parsed(text: str, file: str) -> Node:
    """See ``read``; of a text."""
    paths.require_text(file)
    loader = None
    try:
        loader = _Loader(text)
        found = loader.get_single_node()
        if found is None:
            raise UsageError(f"{file} is empty: it needs 'checks:'; python -m core gate init … writes an example.")
        return _node(found, file)
    except yaml.MarkedYAMLError as error:
        raise UsageError(_said(error, file)) from error
    except yaml.YAMLError as error:
        position = getattr(error, "position", 0)
        line = text.count("\n", 0, position) + 1
        raise UsageError(f"{file}:{line}: a character that no YAML file has: delete it.") from error
    finally:
        if loader is not None:
            loader.dispose()


def _said(error: yaml.MarkedYAMLError, file: str) -> str:
    mark = error.problem_mark or error.context_mark
    place = f"{file}:{mark.line + 1}:{mark.column + 1}" if mark else file
    said = [str(part) for part in (error.context, error.problem) if part]
    problem = " ".join((" ".join(said) if said[0].startswith("expected") else said[-1]).split())
    if "'\\t'" in problem:
        problem = "a tab, which YAML does not take for indentation: use spaces"
    return f"{place}: {problem if problem.endswith('.') else problem + '.'}"


def _node(node: yaml.Node, file: str) -> Node:
    line, column = node.start_mark.line + 1, node.start_mark.column + 1

    def made(value: Any, text: str = "", keys: Mapping[str, Node] | None = None) -> Node:
        return Node(value, text, file, line, column, keys or {})

    if isinstance(node, yaml.MappingNode) and node.tag == f"{_PREFIX}map":
        return made(*_mapping(node, file))
    if isinstance(node, yaml.SequenceNode) and node.tag == f"{_PREFIX}seq":
        return made([_node(part, file) for part in node.value])
    if isinstance(node, yaml.ScalarNode) and node.tag in _PLAIN:
        return made(_plain(node), node.value)
    raise made(None).error(f"the tag '{node.tag.replace(_PREFIX, '!!')}' is not read: write a plain value.")


def _mapping(node: yaml.MappingNode, file: str) -> tuple[dict[str, Node], str, dict[str, Node]]:
    found: dict[str, Node] = {}
    keys: dict[str, Node] = {}
    for key, value in node.value:
        name = _node(key, file)
        if not isinstance(key, yaml.ScalarNode):
            raise name.error("a key must be a plain name.")
        if name.text in found:
            raise name.error(f"'{name.text}' stands here a second time: leave one out.")
        found[name.text], keys[name.text] = _node(value, file), name
    return found, "", keys


def _plain(node: yaml.ScalarNode) -> Any:
    """A number, a truth, None, or the text as it was typed: ``12:30`` and a date are texts."""
    if node.tag in _NUMBERS:
        try:
            return float(node.value)
        except ValueError:
            return node.value
    if node.tag == f"{_PREFIX}bool":
        return _TRUTHS.get(node.value.lower(), node.value)
    return None if node.tag == f"{_PREFIX}null" else node.value
