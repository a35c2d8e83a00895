import builtins
import os
import pickle
import pickletools

import numpy as np
import pytest

from core.benchmarks.rank_pickle import MAX_BYTES, read_plain, read_ranks
from core.errors import DataError

PLAIN = {
    701: ["train/n03888257/n03888257_7.JPEG", "train/n03888257/n03888257_12.JPEG", "train/n03888257/n03888257_9.JPEG"],
    "x": ("train/n02777292/n02777292_1.JPEG",),
    3.5: [],
}


@pytest.fixture
def saved(tmp_path):
    def save(content):
        path = tmp_path / "paths_by_rank.pkl"
        path.write_bytes(content)
        return path

    return save


class Hostile:
    """Calls a function when it is loaded."""

    def __init__(self, function, *arguments):
        self._reduced = function, arguments

    def __reduce__(self):
        return self._reduced


class Stateful:
    def __setstate__(self, state):
        raise AssertionError("it ran")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_the_rank_is_the_place_in_the_class_from_0_to_1(saved, protocol):
    ranks = read_ranks(saved(pickle.dumps(PLAIN, protocol)))
    assert ranks == {"n03888257_7.JPEG": 0.0, "n03888257_12.JPEG": 0.5, "n03888257_9.JPEG": 1.0, "n02777292_1.JPEG": 0}


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_plain_values_come_out_as_they_went_in(saved, protocol):
    shared = ["a", "ä€𝄞", ""]
    content = {"s": shared, 1: (True, False, None, shared), 2: [1, -1, 255, 65536, 2**70, 1.5, float("inf")], (): 0}
    del content[()]
    found = read_plain(saved(pickle.dumps(content, protocol)))
    assert found == content
    assert found["s"] is found[1][3]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_numpy_scalars_are_plain_numbers_and_text(saved, protocol):
    names = np.array(["b/n02777292_2.JPEG", "b/n02777292_1.JPEG"])
    content = {np.int64(416): list(names), np.float32(0.5): list(names[:1]), np.dtype(">i2").type(7): []}
    found = read_plain(saved(pickle.dumps(content, protocol)))
    assert found == {416: ["b/n02777292_2.JPEG", "b/n02777292_1.JPEG"], 0.5: ["b/n02777292_2.JPEG"], 7: []}
    assert {type(key) for key in found} == {int, float}


def test_a_name_that_stands_twice_has_its_first_place(saved):
    assert read_ranks(saved(pickle.dumps(["a", "b", "a"]))) == {"a": 0.0, "b": 0.5}


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("wrap", [lambda bad: bad, lambda bad: {1: ["a", bad]}, lambda bad: ["a", ({"k": [bad]},)]])
@pytest.mark.parametrize(
    ("function", "arguments", "named"),
    [
        (os.system, "touch {marker}", "posix.system"),
        (builtins.eval, "open({marker!r}, 'w')", "builtins.eval"),
        (builtins.getattr, "", "builtins.getattr"),
        (pickle.loads, "", "pickle.loads"),
        (np.frombuffer, "", "frombuffer"),
    ],
)
def test_a_pickle_that_calls_something_is_refused_by_its_name(
    saved, tmp_path, protocol, wrap, function, arguments, named
):
    marker = tmp_path / "it ran"
    path = saved(pickle.dumps(wrap(Hostile(function, arguments.format(marker=str(marker)))), protocol))
    # Protocols before 3 write names as Python 2 had them.
    named = named.replace("builtins", "__builtin__") if protocol < 3 else named
    with pytest.raises(DataError, match=rf"asks for '[^']*{named}'.*was not loaded"):
        read_ranks(path)
    assert not marker.exists()


@pytest.mark.parametrize("content", [Stateful(), {"k": Stateful()}, np.array([1.0]), np.array(["a"]), {1}, complex(1)])
def test_objects_and_arrays_are_refused(saved, content):
    with pytest.raises(DataError, match=r"asks for|has the instruction"):
        read_ranks(saved(pickle.dumps(content)))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        # The function is found by name in the oldest way, with its arguments.
        (b"(S'touch x'\nios\nsystem\n.", r"asks for 'os\.system'"),
        (b"cos\nsystem\n(S'touch x'\ntR.", r"asks for 'os\.system'"),
        # What NumPy's names stand for is made only of what belongs to it.
        (b"cnumpy\ndtype\n(S'O8'\ntR.", "neither number nor text"),
        (b"c_codecs\nencode\n(S'x'\nS'rot13'\ntR.", "unknown way"),
        (b"cnumpy.core.multiarray\nscalar\n(S'i8'\nS'12345678'\ntR.", "no whole pickle"),
        (b"cnumpy\ndtype\n.", "in the middle of a value"),
        # A persistent id, an extension number and a buffer from elsewhere have no place in a file of lists.
        (b"Pname\n.", "the instruction PERSID"),
        (b"\x80\x02\x82\x01.", "the instruction EXT1"),
        (b"\x80\x05\x97.", "the instruction NEXT_BUFFER"),
        (b"\x80\x02)\x81.", "the instruction NEWOBJ"),
        # Calling what is no function, giving a state to what has none, adding to what is no list.
        (b"S'x'\n)R.", "no function"),
        (b"](S'x'\nS'y'\ntb.", "has none"),
        (b"S'x'\nS'y'\na.", "no list"),
        # Keys: a tuple nested a million times would exhaust the stack when it is hashed.
        (b"})" + b"\x85" * 1_000_000 + b"Ns.", "a key is a tuple"),
        # Sizes that are claimed and not there: 2^31 memo places, 2^62 bytes.
        (b"\x80\x04\x8d" + (2**62).to_bytes(8, "little") + b"x.", "no whole pickle"),
        (b"\x80\x05\x96" + (2**62).to_bytes(8, "little") + b"x.", "no whole pickle"),
        (b"", "no whole pickle"),
        (b".", "no whole pickle"),
        (b"0.", "no whole pickle"),
        (b"e.", "no whole pickle"),
        (b"j\xff\xff\xff\x7f.", "no whole pickle"),
        (b"not a pickle", "no whole pickle"),
        (b"]]].", "no whole pickle"),
    ],
)
def test_what_is_hostile_or_damaged_is_an_error(saved, content, said):
    path = saved(content)
    with pytest.raises(DataError, match=said) as caught:
        read_ranks(path)
    assert str(path) in str(caught.value)


def test_a_memo_place_far_away_takes_no_memory(saved):
    assert read_plain(saved(b"]r\xff\xff\xff\x7f.")) == []


def test_every_cut_of_a_file_is_an_error_and_no_half_ranking(saved):
    whole = pickle.dumps(PLAIN)
    for length in range(len(whole)):
        with pytest.raises(DataError):
            read_ranks(saved(whole[:length]))


def test_a_list_of_itself_is_no_ranking(saved):
    endless = []
    endless.append(endless)
    with pytest.raises(DataError, match="has a list where a file name is expected"):
        read_ranks(saved(pickle.dumps(endless)))
    with pytest.raises(DataError, match="has a list where a file name is expected"):
        read_ranks(saved(pickle.dumps({1: endless})))


def test_a_small_file_that_names_one_long_list_again_and_again_is_refused(saved):
    names = [str(number) for number in range(5000)]
    with pytest.raises(DataError, match="names more than 2,000,000 images"):
        read_ranks(saved(pickle.dumps(dict.fromkeys(range(1000), names))))


def test_doubling_references_are_read_as_what_they_are_and_refused(saved):
    doubled = ["a"]
    for _ in range(60):
        doubled = [doubled, doubled]
    with pytest.raises(DataError, match="where a file name is expected"):
        read_ranks(saved(pickle.dumps(doubled)))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("text", "a str where a list"),
        ({}, "names no image"),
        ([], "names no image"),
        ({1: {2: 3}}, "a dict where a list"),
        ({1: [2]}, "a int where a file name"),
        ({1: [b"x"]}, "a bytes where a file name"),
        (None, "a NoneType where a list"),
    ],
)
def test_plain_values_that_are_no_ranking_are_an_error(saved, content, said):
    with pytest.raises(DataError, match=said):
        read_ranks(saved(pickle.dumps(content)))


def test_a_file_above_the_limit_is_not_opened(tmp_path):
    path = tmp_path / "paths_by_rank.pkl"
    with path.open("wb") as stream:
        stream.truncate(MAX_BYTES + 1)
    with pytest.raises(DataError, match="larger than 16 MiB"):
        read_ranks(path)


def test_every_instruction_of_the_language_is_known_or_refused(saved):
    known = {opcode.name for opcode in pickletools.opcodes}
    assert {"GLOBAL", "STACK_GLOBAL", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "REDUCE", "BUILD"} <= known
    for code in (opcode.code.encode("latin1") for opcode in pickletools.opcodes):
        try:
            found = read_plain(saved(b"N" + code + b"."))
        except DataError:
            continue
        assert found in (None, [], (None,))
