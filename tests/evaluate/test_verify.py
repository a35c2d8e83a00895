"""Every byte counts: digests on the way, a closing digest, and reading everything again."""

import json
import shutil

import pytest
from PIL import Image

from core import paths, store
from core.benchmarks import open_and_remember, open_benchmark
from core.cli.main import main
from core.evaluate.loop import evaluate
from core.evaluate.verify import verified
from core.images.opening import digest_of
from tests.conftest import RED_WNID


@pytest.fixture
def run(toy_model, colour_folder):
    return evaluate(toy_model, open_and_remember("imagenet", colour_folder))


def cli(capsys, *arguments):
    with pytest.raises(SystemExit) as ended:
        main(["verify", "--benchmark", "imagenet", *arguments])
    return ended.value.code or 0, *capsys.readouterr()


def test_the_bytes_that_were_decoded_are_digested(run, colour_folder):
    for row in store.read(run).itertuples():
        assert row.digest == digest_of((colour_folder / row.sample_id).read_bytes())


def test_bytes_that_are_no_image_are_digested_too(toy_model, colour_folder):
    (colour_folder / RED_WNID / "1.png").write_bytes(b"this is text")
    run = evaluate(toy_model, open_benchmark("imagenet", colour_folder))
    row = store.read(run).set_index("sample_id").loc[f"{RED_WNID}/1.png"]
    assert row["digest"] == digest_of(b"this is text")
    assert run.entry.bytes_digest


def test_equal_bytes_have_equal_closing_digests_and_one_other_bit_has_not(run, toy_model, colour_folder, tmp_path):
    shutil.copytree(colour_folder, tmp_path / "copy")
    toy_model.fingerprint = "0" * 64
    assert (
        evaluate(toy_model, open_benchmark("imagenet", tmp_path / "copy")).entry.bytes_digest == run.entry.bytes_digest
    )
    image = tmp_path / "copy" / RED_WNID / "2.png"
    content = bytearray(image.read_bytes())
    content[-1] ^= 1
    image.write_bytes(content)
    assert (
        evaluate(toy_model, open_benchmark("imagenet", tmp_path / "copy")).entry.bytes_digest != run.entry.bytes_digest
    )


def test_a_partial_run_has_no_closing_digest(toy_model, colour_folder):
    benchmark = open_benchmark("imagenet", colour_folder)
    assert evaluate(toy_model, benchmark, limit=5).entry.bytes_digest == ""
    assert evaluate(toy_model, benchmark).entry.bytes_digest


def test_images_as_they_were_are_verified(run, capsys):
    code, out, err = cli(capsys)
    assert (code, err.strip()) == (0, "")
    assert "brightest-channel on imagenet: 24 images read, all as they were" in out
    assert run.entry.bytes_digest[:16] in out


def test_each_image_that_changed_is_named(run, colour_folder, capsys):
    Image.new("RGB", (9, 9), (1, 2, 3)).save(colour_folder / RED_WNID / "3.png")
    (colour_folder / RED_WNID / "4.png").write_bytes(b"no image")
    (colour_folder / RED_WNID / "5.png").unlink()
    code, out, err = cli(capsys, "--model", "brightest-channel", "--json")
    assert code == 1
    assert "3 images are not those that were predicted from" in err
    (found,) = json.loads(out)
    assert found["n"] == 24
    assert {image: what.partition(":")[0] for image, what in found["changed"].items()} == {
        f"{RED_WNID}/3.png": "other bytes than those that were predicted from",
        f"{RED_WNID}/4.png": "other bytes than those that were predicted from",
        f"{RED_WNID}/5.png": "cannot be read",
    }


@pytest.mark.slow
def test_composed_images_are_composed_again():
    # Of this machine: another one's matrix products round a few pixels in a hundred images otherwise.
    model = f"local-dir:{paths.EMBEDDED / 'models' / 'test_efficientnet.diorama'}"
    run = evaluate(model, open_benchmark("diorama/clean"), limit=120, reuse_embedded=False)
    found = verified(run, open_benchmark("diorama/clean"))
    assert (found.n, found.n_unknown, found.changed) == (120, 0, {})


def test_nothing_stored_is_said(capsys):
    code, _, err = cli(capsys)
    assert code == 2
    assert "nothing is stored for 'imagenet'" in err
