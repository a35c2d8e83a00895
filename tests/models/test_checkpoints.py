"""Weights files: the one that timm loads, the entry that timm takes, and a name for what is no weights file."""

import argparse
import os

import pytest
import safetensors.torch
import timm
import torch
from timm.models import load_state_dict
from timm.models._hub import _EXT_PRIORITY, _PREFERRED_FILES

from core import models
from core.errors import ModelError
from core.models.checkpoints import read_checkpoint
from core.store import weights
from tests.models.test_sources import make_folder


def test_the_order_of_files_is_timms():
    assert weights.WEIGHTS == _PREFERRED_FILES
    assert (*_EXT_PRIORITY, ".pt", ".ckpt") == weights.SUFFIXES


def shifted(module, by):
    return {name: value + by if name == "head.bias" else value for name, value in module.state_dict().items()}


@pytest.mark.parametrize(
    "files",
    [
        ("pytorch_model.bin", "model.safetensors"),
        ("model.pth", "open_clip_model.safetensors"),
        ("open_clip_pytorch_model.bin", "pytorch_model.pth"),
        ("last.pth.tar", "best.pth"),
        ("b.bin", "a.bin"),
        ("other.safetensors", "model.pth"),
        ("other.safetensors", "checkpoint.pth"),
    ],
)
def test_of_several_files_the_one_that_timm_loads_is_loaded(tmp_path, files):
    module = make_folder(tmp_path / "m")
    (tmp_path / "m" / "model.safetensors").unlink()
    for number, name in enumerate(files):
        state, path = shifted(module, number + 1), tmp_path / "m" / name
        safetensors.torch.save_file(state, path) if name.endswith(".safetensors") else torch.save(state, path)
    spec = f"local-dir:{tmp_path / 'm'}"
    ours, theirs = models.load(spec, "cpu"), timm.create_model(spec, pretrained=True)
    assert torch.equal(ours.module.head.bias, theirs.head.bias)
    assert (tmp_path / "m" / weights.weights_in(tmp_path / "m").name).is_file()
    assert any("was loaded, as timm does" in note for note in ours.notes) == (files == ("b.bin", "a.bin"))


WRAPPINGS = {
    "plain": lambda state, other: state,
    "state_dict": lambda state, other: {"epoch": 3, "state_dict": state},
    "model": lambda state, other: {"model": state, "optimizer": {}},
    "an average": lambda state, other: {
        "state_dict": other,
        "state_dict_ema": state,
        "args": argparse.Namespace(lr=0.1),
    },
    "another average": lambda state, other: {"model": other, "model_ema": state},
    "no average": lambda state, other: {"state_dict_ema": None, "state_dict": state},
    "both": lambda state, other: {"state_dict": state, "model": other},
    "data parallel": lambda state, other: {f"module.{name}": value for name, value in state.items()},
    "compiled": lambda state, other: {f"_orig_mod.{name}": value for name, value in state.items()},
    "compiled inside": lambda state, other: {"model": {f"module._orig_mod.{n}": v for n, v in state.items()}},
}


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_of_a_checkpoint_the_entry_that_timm_takes_is_loaded(tmp_path, wrapping):
    module = make_folder(tmp_path / "m")
    (tmp_path / "m" / "model.safetensors").unlink()
    path = tmp_path / "m" / "pytorch_model.bin"
    torch.save(WRAPPINGS[wrapping](shifted(module, 1), shifted(module, 2)), path)
    found, expected = read_checkpoint(path), load_state_dict(str(path))
    assert found.state.keys() == expected.keys()
    assert all(torch.equal(value, expected[name]) for name, value in found.state.items())
    ours = models.load(f"local-dir:{tmp_path / 'm'}", "cpu")
    assert torch.equal(ours.module.head.bias, module.head.bias + 1)
    assert any("was loaded" in note for note in ours.notes) == (wrapping in ("an average", "another average", "both"))


@pytest.mark.parametrize("inside", [True, False])
def test_an_average_of_torchs_is_taken_without_how_many_were_averaged(tmp_path, inside):
    averaged = torch.optim.swa_utils.AveragedModel(torch.nn.Linear(2, 3))
    state = averaged.state_dict()
    assert "n_averaged" in state
    torch.save({"model_ema": state, "model": {}} if inside else state, tmp_path / "net.pth")
    found = read_checkpoint(tmp_path / "net.pth").state
    assert found.keys() == {"weight", "bias"}
    assert torch.equal(found["weight"], state["module.weight"])


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 10\n"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("model.safetensors", POINTER, "Git LFS pointer.*git lfs pull"),
        ("pytorch_model.bin", POINTER, "Git LFS pointer"),
        ("model.safetensors", b"<!DOCTYPE html><html>Sign in</html>", "web page"),
        ("pytorch_model.bin", b"  \n<html><head>", "web page"),
        ("model.safetensors", b'<?xml version="1.0"?><Error>AccessDenied</Error>', "web page"),
        ("model.safetensors", b"", "empty"),
        ("pytorch_model.bin", b"", "empty"),
        ("model.safetensors", b"Not Found", "text file"),
        ("model.safetensors", b'{"error": "Repository not found"}', "text file"),
        ("pytorch_model.bin", b"\x1f\x8b\x08\x00abc", "compressed"),
        ("pytorch_model.bin", b"\x89HDF\r\n\x1a\n", "HDF5"),
        ("pytorch_model.bin", b"\x93NUMPY\x01\x00", "NumPy"),
        ("model.safetensors", os.urandom(4096), "cannot be read as weights"),
        ("pytorch_model.bin", os.urandom(4096), "cannot be read as weights"),
        ("pytorch_model.bin", b"PK\x03\x04" + bytes(100), "cannot be read as weights"),
        ("model.safetensors", (10**9).to_bytes(8, "little") + b"{" + bytes(100), "cannot be read as weights"),
        ("model.safetensors", (2).to_bytes(8, "little") + b"{}", "is empty"),
    ],
)
def test_what_is_no_weights_file_is_named_as_what_it_is(tmp_path, name, content, said):
    make_folder(tmp_path / "m")
    (tmp_path / "m" / "model.safetensors").unlink()
    (tmp_path / "m" / name).write_bytes(content)
    with pytest.raises(ModelError, match=said) as caught:
        models.load(f"local-dir:{tmp_path / 'm'}", "cpu")
    assert name in str(caught.value)


def test_a_file_under_another_ones_suffix_is_named(tmp_path):
    module = make_folder(tmp_path / "m")
    torch.save(module.state_dict(), tmp_path / "m" / "model.safetensors")
    with pytest.raises(ModelError, match=r"torch checkpoint \(a pickle\), not safetensors: rename it"):
        models.load(f"local-dir:{tmp_path / 'm'}", "cpu")
    (tmp_path / "m" / "model.safetensors").unlink()
    safetensors.torch.save_file(module.state_dict(), tmp_path / "m" / "pytorch_model.bin")
    with pytest.raises(ModelError, match="it is a safetensors file: rename it"):
        models.load(f"local-dir:{tmp_path / 'm'}", "cpu")


@pytest.mark.parametrize(
    "content", [[1, 2], torch.zeros(3), {}, {"epoch": 3}, {"state_dict": [1]}, {"model": {}}, None]
)
def test_a_pickle_without_a_state_dict_says_what_it_holds(tmp_path, content):
    make_folder(tmp_path / "m")
    (tmp_path / "m" / "model.safetensors").unlink()
    torch.save(content, tmp_path / "m" / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"pytorch_model\.bin.*state dict"):
        models.load(f"local-dir:{tmp_path / 'm'}", "cpu")


def test_keys_that_do_not_fit_are_shown_of_both_sides_with_the_prefix(tmp_path):
    module = make_folder(tmp_path / "m")
    # One is missing, so that the prefix alone does not make them fit.
    state = {f"model.{name}": value for name, value in module.state_dict().items() if name != "norm.bias"}
    safetensors.torch.save_file(state, tmp_path / "m" / "model.safetensors")
    with pytest.raises(ModelError) as caught:
        models.load(f"local-dir:{tmp_path / 'm'}", "cpu")
    said = str(caught.value)
    assert "the network has cls_token" in said
    assert "the weights have model." in said
    assert "begins with 'model.': save them without this prefix" in said


def test_a_head_of_another_width_is_shown_with_both_sizes(tmp_path):
    module = make_folder(tmp_path / "m")
    state = {n: v[:10].contiguous() if n.startswith("head.") else v for n, v in module.state_dict().items()}
    safetensors.torch.save_file(state, tmp_path / "m" / "model.safetensors")
    with pytest.raises(ModelError, match=r"head\.weight is \[10, 64\] in the weights and \[1000, 64\] in the network"):
        models.load(f"local-dir:{tmp_path / 'm'}", "cpu")


def test_weights_that_change_while_they_are_read_are_refused(tmp_path, monkeypatch):
    make_folder(tmp_path / "m")
    path = tmp_path / "m" / "model.safetensors"

    def and_written(at):
        found = read_checkpoint(at)
        os.utime(path, ns=(1, 1))
        return found

    monkeypatch.setattr("core.models.sources.from_timm.read_checkpoint", and_written)
    with pytest.raises(ModelError, match="changed while it was read"):
        models.load(f"local-dir:{tmp_path / 'm'}", "cpu")


def test_weights_overwritten_in_place_are_others_even_with_the_old_size_and_time(tmp_path):
    module = make_folder(tmp_path / "m")
    path = tmp_path / "m" / "model.safetensors"
    before, status = models.describe(f"local-dir:{tmp_path / 'm'}").fingerprint, path.stat()
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    with open(path, "r+b") as stream:
        stream.write(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert path.stat().st_size == status.st_size
    assert models.describe(f"local-dir:{tmp_path / 'm'}").fingerprint != before
    assert module is not None
