"""Weights as training frameworks write them: wrapped, in parts, in other precisions; and what is refused, in a line."""

import argparse
import hashlib
import io
import json
import pathlib
import re
import tarfile
import zipfile
from collections import OrderedDict, defaultdict

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

from core import models
from core.cli.main import main
from core.errors import ModelError
from core.models.building import inner_prefix
from core.models.checkpoints import Checkpoint, read_checkpoint
from core.store import weights
from tests.models.test_sources import make_folder


def folder_of(tmp_path):
    """A folder whose weights are still to be written, its network, and another network's weights."""
    module = make_folder(tmp_path / "m")
    (tmp_path / "m" / "model.safetensors").unlink()
    state = module.state_dict()
    return tmp_path / "m", state, {name: value + 1 for name, value in state.items()}


def prefixed(state, prefix):
    return {prefix + name: value for name, value in state.items()}


#: What is saved, of the weights wanted and of others; and what a note says of it.
WRAPPINGS = {
    "lightning": (lambda s, o: {"state_dict": prefixed(s, "model."), "hyper_parameters": {"lr": 0.1}}, "'model.'"),
    "lightning with a loss": (
        lambda s, o: {"state_dict": {**prefixed(s, "net."), "loss.weight": torch.ones(3)}},
        r"'net\.' was left out .* and 1 weights that do not begin with it \(loss\.weight\)",
    ),
    "lightning, compiled": (lambda s, o: {"state_dict": prefixed(s, "model._orig_mod.")}, r"'_orig_mod\.'"),
    "a compiled block": (
        lambda s, o: {name.replace("blocks.0.", "blocks.0._orig_mod."): value for name, value in s.items()},
        r"'_orig_mod\.'",
    ),
    "data parallel in a trainer": (lambda s, o: prefixed(s, "module.model."), r"'module\.'"),
    "compiled, data parallel": (lambda s, o: prefixed(s, "_orig_mod.module."), r"'_orig_mod\.module\.'"),
    "deepspeed": (lambda s, o: {"module": s, "optimizer": None, "epoch": 3}, None),
    "a trainer of one's own": (lambda s, o: {"model_state_dict": s, "optimizer_state_dict": {}}, None),
    "nested": (lambda s, o: {"model": {"net": prefixed(s, "backbone.")}}, "'backbone.'"),
    "dino": (
        lambda s, o: {
            "student": prefixed(o, "module.backbone."),
            "teacher": {**prefixed(s, "backbone."), "head.mlp.0.weight": torch.ones(2, 2)},
        },
        "teacher and student: teacher was loaded",
    ),
    "teacher beside student": (lambda s, o: {**prefixed(s, "teacher."), **prefixed(o, "student.")}, "'teacher.'"),
    "an average beside": (lambda s, o: {**prefixed(o, "model."), **prefixed(s, "ema_model.")}, "'ema_model.'"),
    "a name beside": (lambda s, o: {"model": "test_vit", "net": s}, None),
    "numbers of numpy": (
        lambda s, o: {"state_dict": s, "best": np.float64(0.9), "n": np.int64(3), "ok": np.bool_(True)},
        None,
    ),
    "arguments": (lambda s, o: {"model": s, "args": argparse.Namespace(lr=1), "optimizer": optimised(s)}, None),
    "ordered": (lambda s, o: OrderedDict(s), None),
    "bf16": (lambda s, o: {n: v.bfloat16() if v.is_floating_point() else v for n, v in s.items()}, "bfloat16"),
    "double": (lambda s, o: {n: v.double() if v.is_floating_point() else v for n, v in s.items()}, "float64"),
}


def optimised(state):
    parameters = [nn.Parameter(value.clone()) for value in list(state.values())[:2]]
    return torch.optim.AdamW(parameters).state_dict()


@pytest.mark.parametrize(
    ("make", "name"),
    [
        *((make, "pytorch_model.bin") for make in WRAPPINGS),
        *(("lightning", name) for name in ("last.ckpt", "best.pt", "model_best.pth.tar")),
    ],
)
def test_weights_of_every_make_are_loaded_with_a_note_of_what_was_left_out(tmp_path, make, name):
    folder, state, other = folder_of(tmp_path)
    wrap, noted = WRAPPINGS[make]
    torch.save(wrap(state, other), folder / name)
    model = models.load(f"local-dir:{folder}", "cpu")
    tolerance = 0.01 if make == "bf16" else 0
    for key, value in model.module.state_dict().items():
        assert torch.allclose(value, state[key], rtol=tolerance, atol=0), key
        assert value.dtype == state[key].dtype
    said = " ".join(model.notes)
    if noted is None:
        assert not said
    else:
        assert re.search(noted, said), said


def test_bf16_weights_are_exactly_what_they_were_rounded_to(tmp_path):
    folder, state, _ = folder_of(tmp_path)
    safetensors.torch.save_file({n: v.bfloat16().contiguous() for n, v in state.items()}, folder / "model.safetensors")
    model = models.load(f"local-dir:{folder}", "cpu")
    assert torch.equal(model.module.head.weight, state["head.weight"].bfloat16().float())
    assert "model.safetensors keeps its weights in bfloat16; they are used in float32." in model.notes


def test_two_networks_of_which_nothing_says_which_are_refused(tmp_path):
    folder, state, other = folder_of(tmp_path)
    torch.save({**prefixed(state, "left."), **prefixed(other, "right.")}, folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"several networks \(left\., right\.\), and nothing says which"):
        models.load(f"local-dir:{folder}", "cpu")


def test_a_prefix_counts_only_where_all_weights_and_no_others_are_below_it():
    def found(*names):
        state = {name: torch.zeros(1) for name in names}
        return inner_prefix(Checkpoint(pathlib.Path("w"), state), {"a.weight", "b"})

    assert found("net.a.weight", "net.b") == "net."
    assert found("x.net.a.weight", "x.net.b", "other") == "x.net."
    assert found("net.a.weight", "net.b", "net.c") == ""
    assert found("net.a.weight") == ""
    assert found("a.weight", "b") == ""
    assert found("nets.a.weight", "netsa.weight", "nets.b") == "nets."


# --- weights in several files


def in_parts(folder, state, *, suffix=".safetensors", stem="model", n=3, **index):
    """Writes a state dict in parts with its index; the names of the parts."""
    keys = list(state)
    names = [f"{stem}-{at + 1:05}-of-{n:05}{suffix}" for at in range(n)]
    where = {key: names[at % n] for at, key in enumerate(keys)}
    for name in names:
        part = {key: state[key].contiguous() for key in keys if where[key] == name}
        if suffix == ".safetensors":
            safetensors.torch.save_file(part, folder / name)
        else:
            torch.save(part, folder / name)
    size = sum(value.nbytes for value in state.values())
    content = {"metadata": {"total_size": size}, "weight_map": where} | index
    (folder / f"{stem}{suffix}.index.json").write_text(json.dumps(content))
    return names


@pytest.mark.parametrize(("suffix", "stem"), [(".safetensors", "model"), (".bin", "pytorch_model")])
def test_weights_in_several_files_are_loaded_and_all_of_them_are_the_fingerprint(tmp_path, suffix, stem):
    folder, state, _ = folder_of(tmp_path)
    names = in_parts(folder, state, suffix=suffix, stem=stem)
    spec = f"local-dir:{folder}"
    model = models.load(spec, "cpu")
    assert all(torch.equal(value, state[name]) for name, value in model.module.state_dict().items())
    digests = [hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names]
    assert model.fingerprint == hashlib.sha256("\n".join(digests).encode()).hexdigest()
    assert weights.fingerprint_of(spec) == models.describe(spec).fingerprint == model.fingerprint
    assert weights.bytes_of(folder) == sum((folder / name).stat().st_size for name in names)
    # One part alone makes other weights of it.
    part = safetensors.torch.load_file(folder / names[1]) if suffix == ".safetensors" else torch.load(folder / names[1])
    changed = {name: value + 1 for name, value in part.items()}
    safetensors.torch.save_file(changed, folder / names[1]) if suffix == ".safetensors" else torch.save(
        changed, folder / names[1]
    )
    assert models.describe(spec).fingerprint != model.fingerprint


def test_one_whole_file_goes_before_a_list_of_parts_as_with_timm(tmp_path):
    folder, state, other = folder_of(tmp_path)
    in_parts(folder, other)
    safetensors.torch.save_file(state, folder / "model.safetensors")
    assert torch.equal(models.load(f"local-dir:{folder}", "cpu").module.head.bias, state["head.bias"])


def at_index(folder, **changes):
    path = folder / "model.safetensors.index.json"
    content = json.loads(path.read_text()) | changes
    path.write_text(json.dumps(content))


FIRST = "model-00001-of-00003.safetensors"
PARTS = {
    "a part is gone": (lambda folder, state: (folder / FIRST).unlink(), r"'model-00001-of-.*not there: copy or"),
    "a part is cut off": (
        lambda folder, state: (folder / FIRST).write_bytes((folder / FIRST).read_bytes()[:-8]),
        "cannot be read as weights",
    ),
    "a part is empty": (lambda folder, state: (folder / FIRST).write_bytes(b""), "the file is empty"),
    "a part is of another model": (
        lambda folder, state: safetensors.torch.save_file({"x": torch.ones(1)}, folder / FIRST),
        r"is not the file that model\.safetensors\.index\.json lists: it lacks .* and has 1 others",
    ),
    "a part is of another precision": (
        lambda folder, state: safetensors.torch.save_file(
            {n: v.half() for n, v in safetensors.torch.load_file(folder / FIRST).items()}, folder / FIRST
        ),
        "bytes of weights, and it says",
    ),
    "a part is a pointer": (
        lambda folder, state: (folder / FIRST).write_bytes(b"version https://git-lfs.github.com/spec/v1\n"),
        "Git LFS pointer",
    ),
    "the list is gone": (
        lambda folder, state: (folder / "model.safetensors.index.json").unlink(),
        r"is one of 3 files of weights.*copy model\.safetensors\.index\.json or",
    ),
    "the list is no list": (
        lambda folder, state: at_index(folder, weight_map=[FIRST]),
        "'weight_map' is no object of file names",
    ),
    "the list is empty": (lambda folder, state: at_index(folder, weight_map={}), "lists no files of weights"),
    "the list is of numbers": (lambda folder, state: at_index(folder, weight_map={"a": 1}), "lists no files"),
    "the list is no JSON": (
        lambda folder, state: (folder / "model.safetensors.index.json").write_text("{"),
        "is not JSON",
    ),
    "the list is deep": (
        lambda folder, state: (folder / "model.safetensors.index.json").write_text("[" * 100_000),
        "nested too deeply",
    ),
    "the list is a list": (
        lambda folder, state: (folder / "model.safetensors.index.json").write_text("[]"),
        "it holds a list",
    ),
    "the list is no text": (
        lambda folder, state: (folder / "model.safetensors.index.json").write_bytes(b"\xff\xfe\x00"),
        "is not JSON",
    ),
    **{
        f"it lists {name!r}": (
            lambda folder, state, name=name: at_index(folder, weight_map={"a": name}),
            r"which is no \.safetensors file of its own folder",
        )
        for name in ("../x.safetensors", "/etc/x.safetensors", "a/b.safetensors", "..", "", "x.bin", "a\0.safetensors")
    },
    "it lists itself": (
        lambda folder, state: at_index(folder, weight_map={"a": "model.safetensors.index.json"}),
        "which is no",
    ),
}


@pytest.mark.parametrize("what", PARTS)
@pytest.mark.slow
def test_parts_that_are_not_all_there_are_refused_in_a_line(tmp_path, what):
    folder, state, _ = folder_of(tmp_path)
    in_parts(folder, state)
    spoil, said = PARTS[what]
    spoil(folder, state)
    with pytest.raises(ModelError, match=said) as caught:
        models.load(f"local-dir:{folder}", "cpu")
    assert "\n" not in str(caught.value)
    assert weights.bytes_of(folder) is None or what.startswith("a part is")


def test_the_list_of_models_says_which_folder_lacks_a_part(tmp_path, monkeypatch, capsys):
    folder, state, _ = folder_of(tmp_path)
    names = in_parts(folder, state)
    monkeypatch.setenv("OFFCENTER_MODELS", str(tmp_path))
    main_of("models", "--json")
    assert not json.loads(capsys.readouterr().out)["local"][0]["problem"]
    (folder / names[2]).unlink()
    main_of("models", "--json")
    assert f"'{names[2]}', which is not there" in json.loads(capsys.readouterr().out)["local"][0]["problem"]


def main_of(*arguments):
    """A command, run in this process; its exit code."""
    try:
        main([str(argument) for argument in arguments])
    except SystemExit as ended:
        return ended.code or 0
    return 0


# --- what is refused


def zipped(names):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in names.items():
            archive.writestr(name, content)
    return stream.getvalue()


def saved(content):
    stream = io.BytesIO()
    torch.save(content, stream)
    return stream.getvalue()


def scripted():
    stream = io.BytesIO()
    torch.jit.save(torch.jit.trace(nn.Linear(2, 2), torch.ones(1, 2)), stream)
    return stream.getvalue()


def tarred():
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("model.pth"), io.BytesIO())
    return stream.getvalue()


class Settings:
    """Stands for objects of libraries that a checkpoint holds beside its weights."""

    def __init__(self):
        self.lr = 0.1


def quantised():
    return torch.quantize_per_tensor(torch.ones(2, 2), 0.1, 0, torch.quint8)


#: A file's name, what is in it, and what is said.
REFUSED = {
    "a whole network": (
        "pytorch_model.bin",
        lambda: saved(nn.Sequential(nn.Linear(2, 2))),
        r"whole network \(torch\.nn\..*torch\.save\(model\.state_dict\(\), 'pytorch_model\.bin'\)",
    ),
    "a network in an entry": (
        "last.pt",
        lambda: saved({"model": nn.Linear(2, 2), "epoch": 3}),
        r"whole network \(torch\.nn\.modules\.linear\.Linear",
    ),
    "settings of a library": (
        "last.ckpt",
        lambda: saved({"state_dict": {}, "hyper_parameters": Settings()}),
        r"more than tensors and plain containers \(tests\.models\.test_makes\.Settings\).*\['state_dict'\]",
    ),
    "a path": ("last.ckpt", lambda: saved({"state_dict": {}, "at": pathlib.PurePosixPath("x")}), "pathlib"),
    "a default": (
        "last.ckpt",
        lambda: saved({"state_dict": defaultdict(lambda: 0).__class__(int)}),
        "plain containers",
    ),
    "TorchScript": ("net.pt", scripted, r"TorchScript archive \(torch\.jit\.save\).*onnx:FILE"),
    "an exported program": (
        "net.pt",
        lambda: zipped({"net/archive_format": "pt2", "net/data/weights/w": "x"}),
        r"exported program \(torch\.export\.save\)",
    ),
    "a zip in a zip": (
        "pytorch_model.bin",
        lambda: zipped({"weights/model.pth": saved({}), "readme.txt": "x"}),
        r"a zip file that holds weights/model\.pth: unpack it",
    ),
    "a zip of something": ("model.pth", lambda: zipped({"a.jpg": "x"}), r"no weights in it; it holds a\.jpg"),
    "an empty zip": ("model.pth", lambda: zipped({}), "a zip file with no weights in it; it holds nothing"),
    "arrays of NumPy": ("model.pth", lambda: zipped({"a.npy": "x", "b.npy": "y"}), r"NumPy archive \(\.npz\)"),
    "a tar archive": ("model.pth.tar", tarred, "tar archive: unpack it"),
    "a GGUF file": ("pytorch_model.bin", lambda: b"GGUF\x03\x00\x00\x00" + bytes(50), "GGUF"),
    "a RAR archive": ("pytorch_model.bin", lambda: b"Rar!\x1a\x07\x01\x00", "compressed"),
    "quantised tensors": ("pytorch_model.bin", lambda: saved({"w": quantised()}), r"quantised weights \(w is quint8\)"),
    "int8 weights": (
        "pytorch_model.bin",
        lambda: saved({"fc.weight": torch.ones(2, 2, dtype=torch.int8)}),
        r"quantised weights \(fc\.weight is int8\)",
    ),
    "fp8 weights": (
        "pytorch_model.bin",
        lambda: saved({"fc.weight": torch.ones(2, 2).to(torch.float8_e4m3fn)}),
        "quantised weights .*float8_e4m3fn",
    ),
    "bitsandbytes": (
        "pytorch_model.bin",
        lambda: saved({"fc.bias": torch.ones(2), "fc.SCB": torch.ones(2)}),
        r"quantised weights \(fc\.SCB",
    ),
    "a quantised layer": (
        "pytorch_model.bin",
        lambda: saved(torch.ao.nn.quantized.dynamic.Linear(2, 2).state_dict()),
        r"quantised weights \(_packed_params\.dtype is dtype\)",
    ),
    "complex numbers": (
        "pytorch_model.bin",
        lambda: saved({"w": torch.ones(2, dtype=torch.complex64)}),
        "w is complex64.*real numbers",
    ),
    "a sparse tensor": ("pytorch_model.bin", lambda: saved({"w": torch.eye(2).to_sparse()}), "sparse_coo"),
    "tensors without values": (
        "pytorch_model.bin",
        lambda: saved({"w": torch.empty(2, device="meta")}),
        "w is without values",
    ),
    "numbers for names": ("pytorch_model.bin", lambda: saved({1: torch.ones(2)}), "holds 1, which are no tensors"),
    "weights twice": (
        "pytorch_model.bin",
        lambda: saved({"module.w": torch.ones(2), "w": torch.ones(2)}),
        r"some weights twice, with the prefix 'module\.'",
    ),
    "optimizer alone": ("last.ckpt", lambda: saved({"optimizer": {"state": {}}, "epoch": 2}), "no state dict"),
    "a list of tensors": ("last.ckpt", lambda: saved([torch.ones(2)]), "holds a list, not a state dict"),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("what", REFUSED)
@pytest.mark.slow
def test_what_is_no_state_dict_is_refused_in_a_line_and_nothing_is_run_or_stored(tmp_path, what):
    folder, _, _ = folder_of(tmp_path)
    name, content, said = REFUSED[what]
    (folder / name).write_bytes(content())
    with pytest.raises(ModelError, match=said) as caught:
        models.load(f"local-dir:{folder}", "cpu")
    assert "\n" not in str(caught.value)
    assert name in str(caught.value)
    # What a folder says of itself is known without its weights.
    assert models.describe(f"local-dir:{folder}").num_classes == 1000


@pytest.mark.filterwarnings("ignore")
def test_a_refusal_ends_the_command_with_1_in_one_line_and_stores_no_run(tmp_path, colour_folder, capsys):
    folder, _, _ = folder_of(tmp_path)
    (folder / "net.pt").write_bytes(scripted())
    arguments = ["evaluate", "--model", f"local-dir:{folder}", "--benchmark", "imagenet", "--data", str(colour_folder)]
    assert main_of(*arguments) == 1
    said = capsys.readouterr().err
    assert "TorchScript archive" in said
    assert "Traceback" not in said
    assert not list((tmp_path / "offcenter-data").glob("results/*/*/*/run.json"))


def test_code_in_a_checkpoint_is_never_run_whatever_it_is_wrapped_in(tmp_path):
    class Harmful:
        def __reduce__(self):
            return pathlib.Path.mkdir, (pathlib.Path(tmp_path / "was-run"),)

    folder, state, _ = folder_of(tmp_path)
    for number, content in enumerate(({"state_dict": state, "x": Harmful()}, [Harmful()], {"model": {"a": Harmful()}})):
        torch.save(content, folder / "last.ckpt")
        with pytest.raises(ModelError, match="code in it is refused"):
            models.load(f"local-dir:{folder}", "cpu")
        assert not (tmp_path / "was-run").exists(), number


# --- sizes


def test_the_bytes_of_a_folders_weights_are_those_of_all_their_files(tmp_path):
    folder, state, _ = folder_of(tmp_path)
    assert weights.bytes_of(folder) is None
    safetensors.torch.save_file(state, folder / "model.safetensors")
    (folder / "notes.txt").write_text("not weights")
    assert weights.bytes_of(folder) == (folder / "model.safetensors").stat().st_size


def test_the_bytes_of_an_onnx_folder_are_with_what_lies_beside_it(tmp_path):
    (tmp_path / "net.onnx").write_bytes(bytes(10))
    (tmp_path / "net.onnx.data").write_bytes(bytes(100))
    (tmp_path / "net.onnx.json").write_text("{}")
    (tmp_path / "photo.png").write_bytes(bytes(1000))
    assert weights.bytes_of(tmp_path) == 110
    assert weights.weights_in(tmp_path) == tmp_path / "net.onnx"
    (tmp_path / "other.onnx").write_bytes(bytes(10))
    assert weights.bytes_of(tmp_path) is None


def test_the_bytes_of_a_transformers_folder_are_those_of_its_parts(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "vit"}))
    names = in_parts(tmp_path, {"a": torch.ones(4), "b": torch.ones(2), "c": torch.ones(1)})
    assert weights.bytes_of(tmp_path) == sum((tmp_path / name).stat().st_size for name in names)
    assert read_checkpoint(tmp_path / "model.safetensors.index.json").state["a"].tolist() == [1, 1, 1, 1]
