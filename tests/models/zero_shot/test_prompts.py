"""Prompts: the published sets, and a user's own files."""

import json

import pytest

from core.errors import UsageError
from core.models.zero_shot.lists import LONGEST
from core.models.zero_shot.prompts import filled, own_file, prompt_sets, prompts_of


def test_the_published_sets_have_the_numbers_of_their_names_and_a_source():
    sizes = {name: len(each) for name, each in prompt_sets().items()}
    assert sizes == {"clip-single": 1, "single": 1, "simple-7": 7, "openai-80": 80}
    for each in prompt_sets().values():
        assert each.source and each.title
        assert len(set(each.templates)) == len(each)
        assert all(template.count("{}") == 1 for template in each.templates)


def test_focus_has_no_full_stop_and_clip_has_one():
    assert filled(prompts_of("single").templates[0], "ship") == "a photo of a ship"
    assert filled(prompts_of("clip-single").templates[0], "ship") == "A photo of a ship."


def test_the_sets_are_those_that_open_clip_carries():
    open_clip = pytest.importorskip("open_clip")
    for name, published in (
        ("openai-80", open_clip.OPENAI_IMAGENET_TEMPLATES),
        ("simple-7", open_clip.SIMPLE_IMAGENET_TEMPLATES),
    ):
        assert [filled(each, "tench") for each in prompts_of(name).templates] == [each("tench") for each in published]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("mine.txt", "a photo of a {class}\n\n  a drawing of the {}.  \n"),
        ("mine.json", '["a photo of a {}", "a drawing of the {class}."]'),
        ("mine", '["a photo of a {}", "a drawing of the {class}."]'),
        ("mine.txt", "\ufeffa photo of a {}\r\na drawing of the {}.\r\n"),
        ("mine.txt", "a\u00a0photo of a {}\n a\tdrawing  of the {}.\n"),
        ("mine.csv", "id,Name\n1,a photo of a {}\n2,a drawing of the {}.\n"),
        ("mine.json", '{"title": "Mine", "templates": ["a photo of a {}", "a drawing of the {}."]}'),
    ],
)
def test_a_file_has_a_prompt_a_line_or_is_a_json_list(tmp_path, name, content):
    (tmp_path / name).write_bytes(content.encode())
    found = prompts_of(str(tmp_path / name))
    assert found.templates == ("a photo of a {}", "a drawing of the {}.")
    assert found.name == found.key[:10]
    assert found.title == "2 prompts of your own, mine"


def test_a_file_that_is_marked_as_utf_16_is_read(tmp_path):
    for encoding in ("utf-16", "utf-32"):
        (tmp_path / "mine.txt").write_bytes("ein Foto: {}, schön\n".encode(encoding))
        assert prompts_of(str(tmp_path / "mine.txt")).templates == ("ein Foto: {}, schön",)


def test_the_name_alone_is_a_prompt(tmp_path):
    (tmp_path / "mine.txt").write_text("{}\n")
    assert filled(*prompts_of(str(tmp_path / "mine.txt")).templates, "ship") == "ship"


def test_published_prompts_in_a_file_are_the_published_ones(tmp_path):
    published = prompts_of("simple-7")
    (tmp_path / "mine.txt").write_text("\n".join(published.templates))
    found = prompts_of(str(tmp_path / "mine.txt"))
    assert (found.key, found.name, found.templates) == ("simple-7", "simple-7", published.templates)


def test_what_a_file_holds_stays_when_the_file_goes(tmp_path):
    path = tmp_path / "mine.txt"
    path.write_text("a photo of a {}, a fruit\n")
    found = prompts_of(str(path))
    path.write_text("a sketch of a {}\n")
    assert prompts_of(str(path)).key != found.key
    path.unlink()
    again = prompts_of(found.key)
    assert (again.templates, again.name, again.key) == (found.templates, found.name, found.key)


def test_the_same_prompts_in_another_file_are_the_same_prompts(tmp_path):
    found = set()
    for name in ("one.txt", "two.txt", "one.txt"):
        (tmp_path / name).write_text("a photo of one {}\n")
        prompts = prompts_of(str(tmp_path / name))
        found.add((prompts.key, prompts.name))
        # Not even what was kept before has a say in the name.
        own_file(prompts.key).unlink()
    assert len(found) == 1


def test_kept_prompts_that_were_edited_are_not_used(tmp_path):
    (tmp_path / "mine.txt").write_text("a photo of one {}\n")
    key = prompts_of(str(tmp_path / "mine.txt")).key
    own_file(key).write_text(json.dumps({"name": "mine", "templates": ["a sketch of a {}"]}))
    with pytest.raises(UsageError, match="give the file again"):
        prompts_of(key)
    # The file itself mends them.
    assert prompts_of(str(tmp_path / "mine.txt")).templates == ("a photo of one {}",)
    assert prompts_of(key).templates == ("a photo of one {}",)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "holds no prompt"),
        (b"\n \n", "holds no prompt"),
        (b"[]", "holds no prompt"),
        (b"a photo\n", "prompt 1, 'a photo', has no place for the class"),
        (b"a {} photo\na photo of a {label}\n", "prompt 2, 'a photo of a {label}', has no place"),
        (b"a {colour} {}\n", "has braces that are no place of a class"),
        (b"a {}\nthe {}\na {}\n", "prompt 3, 'a {}', is there already as prompt 1"),
        (b"a {}\na {class}\n", "prompt 2, 'a {}', is there already as prompt 1"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "is no text in UTF-8"),
        ("a {}\n".encode("utf-16-le"), "is no text in UTF-8"),
        ("\ufeffa {}\n".encode("utf-16")[:-1], "is no text in UTF-8"),
        ("été {}\n".encode("latin-1"), "is no text in UTF-8: save it as UTF-8"),
        ("a\u200b {}\n".encode(), "signs that are no text"),
        (b"a {}\x07\n", "signs that are no text"),
        (b"a {}" + b"." * LONGEST, "characters, more than a text tower reads"),
        (b"".join(b"%d {}\n" % number for number in range(10_000)), "holds 10,000 prompts; 1,000 are the most"),
        (b'{"a": 1}', "is no JSON list of texts"),
        (b'["a {}", 3]', "is no JSON list of texts"),
        (b"a {}\n" * 1_000_000, "is larger than 4 MB"),
    ],
)
def test_what_is_no_list_of_prompts_is_said_in_a_line(tmp_path, content, said):
    path = tmp_path / "mine.txt"
    path.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        prompts_of(str(path))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not own_file("x").parent.exists()


def test_a_json_file_that_is_none_and_a_folder_are_said(tmp_path):
    (tmp_path / "mine.json").write_text("a photo of a {}")
    with pytest.raises(UsageError, match="is not JSON"):
        prompts_of(str(tmp_path / "mine.json"))
    with pytest.raises(UsageError, match="is a folder"):
        prompts_of(str(tmp_path))


@pytest.mark.parametrize("asked", ["opanai-80", "", " ", "own-0123456789ab", "../nowhere.txt", "bad\0name", "own-xyz"])
def test_unknown_prompts_name_the_known_ones(asked):
    with pytest.raises(UsageError) as caught:
        prompts_of(asked)
    said = str(caught.value)
    assert "simple-7" in said or "give the file again" in said or "cannot be reached" in said
    if asked == "opanai-80":
        assert "Did you mean 'openai-80'" in said
