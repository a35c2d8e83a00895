"""Gate files as YAML with places: what is no plain data is refused, with its line and column."""

import pytest

from core.errors import UsageError
from core.gate.reading import MOST_BYTES, parsed, read


def test_every_value_knows_its_place():
    root = parsed("model: a\nchecks:\n  - number: top1\n    min: 90 %\n", "g.yaml")
    limit = root.value["checks"].value[0].value["min"]
    assert (limit.value, limit.line, limit.column) == ("90 %", 4, 10)
    key = root.value["checks"].value[0].keys["min"]
    assert (key.line, key.column) == (4, 5)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.5", 0.5),
        ("1_0", 10.0),
        ("yes", True),
        ("'yes'", "yes"),
        ("~", None),
        # YAML 1.1 makes 750 of the one, a date of the other.
        ("12:30", "12:30"),
        ("2026-01-01", "2026-01-01"),
    ],
)
def test_plain_values(text, value):
    assert parsed(f"a: {text}", "g.yaml").value["a"].value == value


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "g.yaml is empty"),
        ("# a comment", "g.yaml is empty"),
        ("a: &x 1\nb: *x", "g.yaml:1:4: anchors and aliases ('x') are not read"),
        ("b: *x", "g.yaml:1:4: anchors and aliases ('x') are not read"),
        ("a: 1\nb: 2\na: 3", "g.yaml:3:1: 'a' stands here a second time"),
        ("a:\n\t- b", "g.yaml:2:1: a tab"),
        ("a: !!python/object:os.system x", "g.yaml:1:4: the tag '!!python/object:os.system' is not read"),
        ("a: !!binary aGk=", "g.yaml:1:4: the tag '!!binary' is not read"),
        ("[a]: b", "g.yaml:1:1: a key must be a plain name"),
        ("a: [b", "g.yaml:1:6: expected ',' or ']'"),
        ("a: 1\n---\nb: 2", "g.yaml:2:1: expected a single document"),
        ("a: 1\nb: \x07", "g.yaml:2: a character that no YAML file has"),
        ("a: " + "[" * 3000, "g.yaml:1:24: nested too deeply"),
    ],
)
def test_what_is_no_plain_data_is_refused_at_its_place(text, said):
    with pytest.raises(UsageError) as error:
        parsed(text, "g.yaml")
    assert str(error.value).startswith(said)
    assert "\n" not in str(error.value)


def test_files_that_are_none(tmp_path):
    large, other = tmp_path / "large.yaml", tmp_path / "other.yaml"
    large.write_bytes(b"#" * (MOST_BYTES + 1))
    other.write_bytes(b"model: \xff")
    for path, said in ((tmp_path / "none.yaml", "is not there"), (tmp_path, "is a folder")):
        with pytest.raises(UsageError, match=said):
            read(path)
    with pytest.raises(UsageError, match="262,145 bytes: a gate file has 262,144 at the most"):
        read(large)
    with pytest.raises(UsageError, match=r"is not UTF-8 \(byte 7\)"):
        read(other)
