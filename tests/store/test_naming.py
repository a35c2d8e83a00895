"""A model's name means the same in every folder: paths absolute, options in order, folders by their names."""

import pytest

from core import store
from core.errors import UsageError
from core.store import naming
from tests.job_tools import make_model


@pytest.fixture
def at(tmp_path, monkeypatch):
    """The folder that everything is typed in."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for name in ("net.onnx", "net.py", "names.txt", "words", "openai-80", "net.pth"):
        (tmp_path / "here" / name).write_text("x")
    for name, file in (("clip", "open_clip_config.json"), ("hugging", "config.json")):
        (tmp_path / "here" / name).mkdir()
        (tmp_path / "here" / name / file).write_text('{"model_type": "vit"}')
    return tmp_path / "here"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("resnet50.a1_in1k", "resnet50.a1_in1k"),
        ("  resnet50.a1_in1k ", "resnet50.a1_in1k"),
        ("resnet50?preset=zoom-paper&interpolation=bicubic", "resnet50?interpolation=bicubic&preset=zoom-paper"),
        ("hf-hub:owner/name", "hf-hub:owner/name"),
        ("hf:owner/name", "hf-hub:owner/name"),
        ("local-dir:net", "local-dir:AT/net"),
        ("local-dir:../here/net?preset=zoom-paper", "local-dir:AT/net?preset=zoom-paper"),
        ("onnx:net.onnx?layout=nhwc", "onnx:AT/net.onnx?layout=nhwc"),
        ("onnx:absent.onnx", "onnx:AT/absent.onnx"),
        ("python:net.py:make", "python:AT/net.py:make"),
        ("python:net.py", "python:AT/net.py"),
        ("open-clip:ViT-B-32/openai", "open-clip:ViT-B-32/openai"),
        ("openclip:hf-hub:owner/name", "open-clip:hf-hub:owner/name"),
        ("open-clip:clip?prompts=openai-80", "open-clip:AT/clip?prompts=openai-80"),
        ("open-clip:./absent", "open-clip:AT/absent"),
        ("open-clip:local-dir:clip", "open-clip:AT/clip"),
        ("transformers:google/vit-base-patch16-224", "transformers:google/vit-base-patch16-224"),
        ("transformers:hugging", "transformers:AT/hugging"),
        ("torchvision:AlexNet/imagenet1k_v1", "torchvision:alexnet.IMAGENET1K_V1"),
        ("torchvision:alexnet?weights=net.pth", "torchvision:alexnet?weights=AT/net.pth"),
        ("torchvision:alexnet?weights=absent.pth", "torchvision:alexnet?weights=AT/absent.pth"),
        (
            "open-clip:a/b?prompts=names.txt&classes=names.txt",
            "open-clip:a/b?classes=AT/names.txt&prompts=AT/names.txt",
        ),
        ("open-clip:a/b?prompts=words", "open-clip:a/b?prompts=AT/words"),
        ("open-clip:a/b?classes=focus-10", "open-clip:a/b?classes=focus-10"),
        ("open-clip:a/b?classes=own-0123456789ab", "open-clip:a/b?classes=own-0123456789ab"),
        ("open-clip:a/b?prompts=nothing", "open-clip:a/b?prompts=nothing"),
        ("?preset=x", "?preset=x"),
        ("", ""),
        ("onnx:", "onnx:"),
        ("python:", "python:"),
        ("local-dir:", "local-dir:"),
    ],
)
def test_paths_become_absolute_and_names_stay(at, typed, meant):
    assert naming.canonical(typed) == meant.replace("AT", str(at))
    assert naming.canonical(naming.canonical(typed)) == naming.canonical(typed)


def test_a_folder_of_models_goes_by_its_name(at, monkeypatch):
    make_model(at / "zoo" / "tiny", "test_vit")
    assert naming.canonical("local-dir:zoo/tiny?preset=zoom-paper") == f"local-dir:{at}/zoo/tiny?preset=zoom-paper"
    monkeypatch.setenv("OFFCENTER_MODELS", str(at / "zoo"))
    assert naming.canonical("local-dir:zoo/tiny?preset=zoom-paper") == "tiny?preset=zoom-paper"
    assert naming.canonical("tiny?preset=zoom-paper") == "tiny?preset=zoom-paper"


def test_a_file_beside_another_kind_of_model_keeps_its_path(at, monkeypatch):
    make_model(at / "zoo" / "tiny", "test_vit")
    (at / "zoo" / "tiny" / "net.onnx").write_text("x")
    monkeypatch.setenv("OFFCENTER_MODELS", str(at / "zoo"))
    assert naming.canonical("onnx:zoo/tiny/net.onnx") == f"onnx:{at}/zoo/tiny/net.onnx"


def test_a_name_that_is_no_path_is_a_line():
    with pytest.raises(UsageError) as caught:
        naming.canonical("local-dir:a\0b")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "name", "typed"),
    [
        ("resnet50.a1_in1k?preset=zoom-paper", "resnet50.a1_in1k (zoom-paper)", "resnet50.a1_in1k?preset=zoom-paper"),
        ("resnet50.a1_in1k?preset=zoom-paper", "resnet50.a1_in1k (zoom-paper)", "resnet50.a1_in1k (zoom-paper)"),
        ("a?interpolation=box&preset=zoom-paper", "a (zoom-paper, box)", "a?preset=zoom-paper&interpolation=box"),
        ("hf-hub:owner/a?preset=zoom-paper", "owner/a (zoom-paper)", "owner/a?preset=zoom-paper"),
        ("local-dir:AT/gone/a?preset=zoom-paper", "a (zoom-paper)", "a?preset=zoom-paper"),
        ("local-dir:AT/gone/a?preset=zoom-paper", "a (zoom-paper)", "local-dir:gone/a?preset=zoom-paper"),
        ("onnx:AT/net.onnx?layout=nhwc", "net", "onnx:net.onnx?layout=nhwc"),
        ("onnx:AT/net.onnx?layout=nhwc", "net", "net?layout=nhwc"),
        ("python:AT/net.py:make", "net-make", "python:net.py:make"),
        ("torchvision:alexnet.IMAGENET1K_V1", "alexnet.IMAGENET1K_V1", "torchvision:alexnet/imagenet1k_v1"),
    ],
)
def test_a_result_is_found_by_whatever_means_its_model(at, source, name, typed):
    class Run:
        is_imported, preprocessing, model = False, None, name

    Run.source = source.replace("AT", str(at))
    assert store.is_model(Run, typed)
    assert not store.is_model(Run, "other?preset=zoom-paper")
    for other in ("?preset=focus-paper", "?interpolation=bicubic"):
        assert not store.is_model(Run, typed.partition("?")[0] + other)


def test_options_tell_results_apart(at):
    class Run:
        is_imported, preprocessing, model, source = False, None, "a (zoom-paper)", "a?preset=zoom-paper"

    assert not store.is_model(Run, "a")
