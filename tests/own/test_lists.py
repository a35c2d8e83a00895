import pytest

from core.own.lists import listed


@pytest.mark.parametrize(
    ("cell", "texts"),
    [
        ("['a', 'b']", ["a", "b"]),
        ('["a", "b c"]', ["a", "b c"]),
        ("['a' 'b c']", ["a", "b c"]),
        ("[0, 1]", ["0", "1"]),
        ("[0 1]", ["0", "1"]),
        ("[0.5 1e3 -2]", ["0.5", "1e3", "-2"]),
        (' ["it\'s", null] ', ["it's"]),
        ("[]", []),
    ],
)
def test_a_list_as_json_python_and_numpy_write_it(cell, texts):
    assert listed(cell) == texts


@pytest.mark.parametrize(
    "cell", ["", "a", "[", "[a]", "[x](y)", "('a', 'b')", "[[1], [2]]", "[__import__('os')]", "[" * 9000 + "]" * 9000]
)
def test_what_is_no_list_of_constants_is_none(cell):
    assert listed(cell) is None
