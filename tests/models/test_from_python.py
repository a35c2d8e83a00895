"""Functions of one's own: what they may return, what is said of what they may not, and where their code may run."""

import concurrent.futures
import json
import os
import random
import subprocess
import sys
import textwrap
import warnings

import pytest
import torch

from core import jobs, models, paths
from core.cli import main as command_line
from core.errors import ModelError, OffcenterError, UsageError
from core.jobs.kinds import Evaluation
from core.jobs.worker import work
from core.models import permission, sources
from tests.conftest import REPO, TOY_TRANSFORM

_NET = """
import torch

class Net(torch.nn.Module):
    def __init__(self, classes=1000):
        super().__init__()
        self.linear = torch.nn.Linear(3, classes)

    def forward(self, inputs):
        return self.linear(inputs.mean(dim=(2, 3)))

TRANSFORM = {transform}
"""


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Writes a file of Python and gives the name of its ``make``; it may be run."""
    folder = tmp_path / "code"
    folder.mkdir()
    monkeypatch.setattr(permission, "_named", [])

    def written(body, name="net.py", *, named=True):
        head = _NET.replace("{transform}", repr(TOY_TRANSFORM))
        (folder / name).write_text(head + textwrap.dedent(body))
        if named:
            permission.permit(folder / name)
        return f"python:{folder / name}:make"

    written.folder = folder
    return written


def test_a_network_with_its_preprocessing_is_a_model(write):
    model = models.load(write("def make():\n    return Net(), TRANSFORM"), "cpu")
    torch.manual_seed(0)
    linear = torch.nn.Linear(3, 1000)
    inputs = torch.rand(2, 3, 32, 32)
    # What torch draws while the function runs is drawn alike each time.
    with torch.no_grad():
        assert torch.equal(model.module(inputs), linear(inputs.mean(dim=(2, 3))))
    assert (model.name, model.architecture, model.label_space) == ("net", "Net", "imagenet-1k")
    assert model.source == f"python:{write.folder / 'net.py'}:make"
    assert model.transform == TOY_TRANSFORM
    assert any("nothing names its 1,000 outputs" in note for note in model.notes)


def test_it_may_say_its_labels_and_its_name(write):
    labels = ["truck", "car", "plane", "ship", "cat", "dog", "horse", "deer", "frog", "bird"]
    body = f"def make():\n    return dict(module=Net(10), transform=TRANSFORM, labels={labels}, name='mine')"
    model = models.describe(write(body))
    assert (model.name, model.label_space, model.num_classes) == ("mine", "focus-10", 10)
    body = "def make():\n    return dict(module=Net(10), transform=TRANSFORM, labels='focus-10')"
    assert models.describe(write(body)).label_space == "focus-10"


def test_a_network_of_timm_says_its_preprocessing_itself(write):
    body = "def make():\n    import timm\n    return timm.create_model('test_vit')"
    assert models.load(write(body), "cpu").transform["input_size"] == [3, 160, 160]


def test_a_pipeline_of_torchvision_is_read(write):
    body = """
    from torchvision import transforms as T
    def make():
        steps = [T.Resize(40), T.CenterCrop(32), T.ToTensor(), T.Normalize([0.5] * 3, [0.25] * 3)]
        return Net(), T.Compose(steps)
    """
    transform = models.describe(write(body)).transform
    assert (transform["input_size"], transform["std"], transform["crop_pct"]) == ([3, 32, 32], [0.25] * 3, 0.8)
    with pytest.raises(OffcenterError, match="RandomCrop"):
        models.describe(write(body.replace("T.CenterCrop(32)", "T.RandomCrop(32)")))


@pytest.mark.parametrize("given", ["{'logits': y, 'loss': None}", "type('Output', (), {'logits': y})()"])
def test_logits_within_an_object_or_a_dict_are_taken(write, given):
    body = f"""
    class Rich(Net):
        def forward(self, inputs):
            y = super().forward(inputs)
            return {given}
    def make():
        return Rich(), TRANSFORM
    """
    model = models.load(write(body), "cpu")
    assert model.module(torch.rand(2, 3, 32, 32)).shape == (2, 1000)


def test_training_mode_is_left_and_said(write):
    model = models.load(write("def make():\n    return Net().train(), TRANSFORM"), "cpu")
    assert not model.module.training
    assert any("in training mode" in note for note in model.notes)
    model = models.load(write("def make():\n    return Net().eval(), TRANSFORM"), "cpu")
    assert not any("in training mode" in note for note in model.notes)


def test_wrappers_of_training_are_taken_off(write):
    model = models.load(write("def make():\n    return torch.nn.DataParallel(Net()), TRANSFORM"), "cpu")
    assert type(model.module).__name__ == "Net"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("def make():\n    return None", "gives None; it must return a torch.nn.Module"),
        ("def make():\n    return 'net'", "gives a str"),
        ("def make():\n    return Net", r"gives the class Net: return one of it, Net\(...\)"),
        ("def make():\n    return Net().forward", "gives a method"),
        ("def make():\n    return (Net(), TRANSFORM, [])", "gives a tuple; it must return"),
        ("def make():\n    return dict(model=Net())", "holds 'model'.*Did you mean 'module'"),
        ("def make():\n    return dict(transform=TRANSFORM)", "has no 'module'"),
        ("def make():\n    return Net()", 'does not say how images are prepared.*"input_size"'),
        ("def make():\n    return Net(), 7", "gives a int as its transform"),
        ("def make():\n    return Net(), dict(TRANSFORM, std=0)", "'std' is 0"),
        ("def make():\n    return Net(), dict(TRANSFORM, crop=1)", "has 'crop'.*Did you mean"),
        ("def make():\n    return dict(module=Net(), transform=TRANSFORM, name=3)", "gives the name 3"),
        (
            "def make():\n    return dict(module=Net(), transform=TRANSFORM, labels=['a'])",
            "names 1 labels.*1,000 outputs",
        ),
        (
            "def make():\n    return dict(module=Net(2), transform=TRANSFORM, labels=['a', 2])",
            "'labels' has 2 for class",
        ),
        ("def make():\n    return dict(module=Net(), transform=TRANSFORM, labels='focus')", "no label space"),
        ("def make():\n    return dict(module=Net(), transform=TRANSFORM, labels=7)", "'labels'"),
        ("def make():\n    return dict(module=Net(), transform=TRANSFORM, name='a\\nb')", r"gives the name 'a\\nb'"),
        ("def make():\n    return dict(module=Net(), transform=TRANSFORM, name=200 * 'a')", "a short line of text"),
        ("def make():\n    return Net().half(), TRANSFORM", r"has weights in float16: .*module\.float\(\)"),
        ("def make():\n    return Net().double(), TRANSFORM", r"has weights in float64: .*module\.float\(\)"),
        ("def make():\n    raise ValueError(9999 * 'a')", r"raised ValueError: a{300} \(line \d+\)\.$"),
        (
            "class Mute(Exception):\n    def __str__(self):\n        return 1 / 0\ndef make():\n    raise Mute",
            r"make\(\) raised Mute \(line \d+\)",
        ),
        ("def make():\n    return Net().to('meta'), TRANSFORM", "without values"),
        ("def make():\n    1 / 0", r"make\(\) raised ZeroDivisionError: division by zero \(line \d+\)"),
        ("def make(size):\n    return Net(), TRANSFORM", r"raised TypeError: make\(\) missing 1"),
        ("def make():\n    raise SystemExit(3)", "raised SystemExit"),
        ("def make():\n    raise SystemExit", "raised SystemExit"),
        ("import nothing_of_this_name\ndef make(): ...", "it raised ModuleNotFoundError.*nothing_of_this_name"),
        ("raise RuntimeError('early\\nlate')\ndef make(): ...", "it raised RuntimeError: early"),
        ("def make(:", r"is no Python: .* \(line \d+\)"),
        ("def make():\n    return '\\0'\0", "is no Python"),
        ("def male():\n    return Net()", "defines no function 'make'.*Did you mean 'male'"),
        ("from os import abort as make", "defines no function 'make'"),
        (
            "class Dead(Net):\n    def forward(self, x):\n        return x.new_zeros(len(x), 1000)\n"
            "def make():\n    return Dead(), TRANSFORM",
            "the same score for every class, for a grey image and for one of noise",
        ),
        (
            "class Sick(Net):\n    def forward(self, x):\n        return super().forward(x) * float('nan')\n"
            "def make():\n    return Sick(), TRANSFORM",
            "not finite",
        ),
        (
            "class Two(Net):\n    def forward(self, x):\n        return super().forward(x), x\n"
            "def make():\n    return Two(), TRANSFORM",
            r"gives a tuple of 2, not a tensor of logits \(N, classes\)",
        ),
        (
            "class Odd(Net):\n    def forward(self, x):\n        return {'scores': super().forward(x)}\n"
            "def make():\n    return Odd(), TRANSFORM",
            r"gives a dict of 1 \(scores\)",
        ),
    ],
)
def test_what_makes_no_model_is_one_line(write, body, said):
    name = write(body)
    with pytest.raises(OffcenterError, match=said) as caught:
        models.load(name, "cpu")
    assert "\n" not in str(caught.value)


def test_a_file_or_function_that_is_not_there_is_named(write):
    name = write("def make():\n    return Net(), TRANSFORM")
    permission.permit(write.folder / "nat.py")
    with pytest.raises(UsageError, match=r"no file .*nat\.py.*Did you mean 'net\.py'"):
        models.load(name.replace("net.py", "nat.py"), "cpu")
    for end in ("", ":"):
        with pytest.raises(UsageError, match=r"names no function: write python:.*:make"):
            models.load(name.removesuffix(":make") + end, "cpu")
    with pytest.raises(UsageError, match="no option 'size'"):
        models.load(f"{name}?size=3", "cpu")
    permission.permit(write.folder)
    with pytest.raises(UsageError, match="is no file: give one of Python"):
        models.load(f"python:{write.folder}:make", "cpu")


def test_what_is_printed_is_none_of_the_output(write, capsys):
    models.load(write("print('loading')\ndef make():\n    print('making')\n    return Net(), TRANSFORM"), "cpu")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "loading\nmaking" in captured.err


def test_what_a_network_prints_is_none_of_the_output_either(write, capsys):
    body = """
    class Talking(Net):
        def forward(self, inputs):
            print("said")
            if inputs.mean() > 9:
                raise ValueError("too bright")
            return super().forward(inputs)
    def make():
        return Talking(), TRANSFORM
    """
    model, before = models.load(write(body), "cpu"), sys.stdout
    pixels = torch.zeros(2, 3, 32, 32)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(model.module, [pixels] * 40))
    with pytest.raises(ValueError, match="too bright"):
        model.module(pixels + 10)
    assert sys.stdout is before
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("said") >= 41
    # A trace of it is one as ever.
    with warnings.catch_warnings(action="ignore"):
        traced = torch.jit.trace(model.module, pixels)
    assert torch.equal(traced(pixels), model.module(pixels))


def test_what_the_function_sets_for_the_whole_process_is_set_back(write, tmp_path):
    body = """
    import os, random
    import numpy
    def make():
        os.chdir("/")
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)
        torch.set_num_threads(1 + torch.get_num_threads())
        torch.set_default_device("meta")
        net = Net()
        torch.set_default_device("cpu")
        net = Net().float()
        with torch.no_grad():
            net.linear.bias.fill_(random.random() + float(numpy.random.rand()))
        torch.set_default_device("meta")
        return net, TRANSFORM
    """
    name, before = write(body), (os.getcwd(), torch.get_num_threads(), torch.get_default_device(), random.random())
    first, drawn = models.describe(name), random.random()
    assert (os.getcwd(), torch.get_num_threads(), torch.get_default_device()) == before[:3]
    assert torch.get_default_dtype() == torch.float32
    assert torch.is_grad_enabled()
    # What is drawn with Python's and numpy's generators is drawn alike, and nobody else's draws are disturbed.
    assert models.describe(name).fingerprint == first.fingerprint
    assert random.random() != drawn


def test_files_beside_it_are_imported_anew_and_count(write):
    folder = write.folder
    (folder / "own_scale.py").write_text("from own_more import SCALE\n")
    (folder / "own_more.py").write_text("SCALE = 1.0\n")
    body = """
    from own_scale import SCALE
    class Scaled(Net):
        def forward(self, x):
            return super().forward(x) * SCALE
    def make():
        return Scaled(), TRANSFORM
    """
    name = write(body)
    inputs = torch.rand(1, 3, 32, 32)
    first = models.load(name, "cpu")
    model, files = sources.describe(name)
    assert [path.name for path in files] == ["own_more.py", "own_scale.py", "net.py"]
    assert model.fingerprint == first.fingerprint
    # As many bytes, at once: neither a time nor a size tells.
    (folder / "own_more.py").write_text("SCALE = 2.0\n")
    second = models.load(name, "cpu")
    with torch.no_grad():
        assert torch.allclose(second.module(inputs), 2 * first.module(inputs))
    assert second.fingerprint != first.fingerprint
    assert models.describe(name).fingerprint == second.fingerprint
    assert not {"own_scale", "own_more"} & set(sys.modules)
    assert str(folder) not in sys.path
    assert not (folder / "__pycache__").exists()


def test_two_folders_may_have_files_of_one_name(write, tmp_path):
    for folder, value in (("a", 1), ("b", 2)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "own_helper.py").write_text(f"VALUE = {value}\n")
        body = "from own_helper import VALUE\ndef make():\n    return Net(VALUE + 1), TRANSFORM"
        path = tmp_path / folder / "net.py"
        path.write_text((_NET.replace("{transform}", repr(TOY_TRANSFORM))) + body)
        permission.permit(path)
        assert models.describe(f"python:{path}:make").num_classes == value + 1


def test_a_file_beside_it_with_a_name_that_is_taken_is_refused(write):
    (write.folder / "core.py").write_text("X = 1\n")
    with pytest.raises(UsageError, match=r"imports 'core', of which there is one beside it .*core\.py.*another name"):
        models.load(write("import core\ndef make():\n    return Net(), TRANSFORM"), "cpu")
    # Not imported, it is in nobody's way; and the project itself may be used.
    models.load(write("def make():\n    return Net(), TRANSFORM"), "cpu")
    (write.folder / "core.py").unlink()
    models.load(write("from core import paths\ndef make():\n    return Net(), TRANSFORM"), "cpu")


_BESIDE = """
def make():
    import json, pathlib

    net = Net()
    torch.nn.init.ones_(net.linear.weight), torch.nn.init.zeros_(net.linear.bias)
    net.settings = json.loads((pathlib.Path(__file__).parent / "settings.json").read_text())
    net.linear.register_buffer("scale", torch.tensor([net.settings["scale"]]), persistent=False)
    net.started, net.shape = object(), (net.settings["scale"], torch.relu)
    return net, TRANSFORM
"""


def test_what_a_network_keeps_beside_its_weights_changes_the_fingerprint(write):
    name = write(_BESIDE)
    found = []
    for settings in ({"scale": 1.0}, {"scale": 1.0}, {"scale": 2.0}, {"scale": 1.0, "heads": [4, None]}):
        (write.folder / "settings.json").write_text(json.dumps(settings))
        found.append(models.describe(name).fingerprint)
    assert found[0] == found[1]
    assert len(set(found)) == 3


def test_changed_weights_that_the_function_reads_change_the_fingerprint(write):
    path = write.folder / "weights.pt"
    torch.save(torch.zeros(1000, 3), path)
    body = f"""
    def make():
        net = Net()
        net.linear.weight.data += torch.load({str(path)!r}, weights_only=True)
        return net, TRANSFORM
    """
    name = write(body)
    before = models.describe(name).fingerprint
    assert models.describe(name).fingerprint == before
    torch.save(torch.ones(1000, 3), path)
    assert models.describe(name).fingerprint not in (before, None)
    assert models.describe(name).fingerprint == models.load(name, "cpu").fingerprint


# Where code may be run.


@pytest.fixture
def trap(write):
    """A file that leaves a mark when it is run, which nobody has named; its name and the mark."""
    mark = write.folder / "was-run"
    name = write(f"open({str(mark)!r}, 'w')\ndef make():\n    return Net(), TRANSFORM", "trap.py", named=False)
    return name, mark


def test_a_name_from_anywhere_runs_nothing(trap):
    name, mark = trap
    for ask in (models.describe, lambda name: models.load(name, "cpu"), models.resolve, sources.describe):
        with pytest.raises(UsageError, match=r"is not run here.*OFFCENTER_PYTHON_MODELS=.*trap\.py"):
            ask(name)
    assert not mark.exists()


def test_what_is_in_a_file_is_not_told_who_may_not_run_it(write):
    for name in ("python:/etc/passwd:make", f"python:{write.folder / 'none.py'}:make", "python:~nobody/x.py:make"):
        with pytest.raises(UsageError, match=r"is not run here|cannot be reached"):
            models.resolve(name)


def test_a_file_named_in_the_environment_may_be_run(trap, monkeypatch):
    name, mark = trap
    monkeypatch.setenv(permission.SETTING, os.pathsep.join(["/somewhere/else.py", str(mark.parent / "trap.py"), ""]))
    assert models.describe(name).name == "trap"
    assert mark.exists()


@pytest.mark.parametrize("setting", ["", os.pathsep, "trap.py", "/", "/somewhere/trap.py"])
def test_other_settings_allow_nothing(trap, monkeypatch, setting):
    name, mark = trap
    monkeypatch.setenv(permission.SETTING, setting)
    with pytest.raises(UsageError, match="is not run here"):
        models.describe(name)
    assert not mark.exists()


def test_a_link_to_another_file_is_that_file(trap):
    name, mark = trap
    link = mark.parent / "link.py"
    link.symlink_to(mark.parent / "trap.py")
    permission.permit(link)
    assert models.describe(f"python:{link}:make").source == name


def test_a_command_line_names_files_for_as_long_as_it_runs(trap):
    name, mark = trap
    path = mark.parent / "trap.py"
    for arguments in (
        ["evaluate", "--model", name],
        [f"--model={name}?preset=zoom-paper"],
        [name.upper()[:7] + name[7:]],
    ):
        with permission.naming(arguments):
            assert permission.permitted(path)
        assert not permission.permitted(path)
    with permission.naming(["report", "--benchmark", str(path), f"--note=see {name}", "python:\0:make", "python:"]):
        assert not permission.permitted(path)


def test_the_command_line_evaluates_a_file_that_it_names(trap, colour_folder, capsys):
    name, _ = trap
    asked = ["--benchmark", "imagenet", "--data", str(colour_folder), "--device", "cpu", "--json"]
    said = []
    for _ in range(2):
        with pytest.raises(SystemExit, match="0"):
            command_line(["evaluate", "--model", name, *asked])
        said.append(json.loads(capsys.readouterr().out))
    assert said[0] == said[1]
    assert said[0]["n"] == 24
    # What it stored names the file, and whoever reads that runs nothing.
    with pytest.raises(UsageError, match="is not run here"):
        models.load(name, "cpu")


def test_a_job_runs_nothing_that_its_worker_was_not_given(trap, colour_folder):
    name, mark = trap
    asked = Evaluation(name, "imagenet", data=str(colour_folder), device="cpu").checked()
    permission.permit(mark.parent / "none.py")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.jobs.queue.spawn_worker", lambda device: None)
        job = jobs.submit(asked)
    assert work("cpu") == 1
    job = jobs.find_job(job.id)
    assert job.state == "failed"
    assert "is not run here" in job.message
    assert not mark.exists()
    assert not list(paths.results_home().rglob("run.json"))


def test_a_worker_is_given_the_environment_and_not_what_a_command_named(trap, monkeypatch):
    name, mark = trap
    started = []
    monkeypatch.setattr("core.jobs.queue.subprocess.Popen", lambda *_, env, **__: started.append(env) or _Ended())
    monkeypatch.chdir(mark.parent)
    (paths.data_home() / "jobs").mkdir(parents=True)
    from core.jobs.queue import spawn_worker

    with permission.naming(["--model", name]):
        spawn_worker("cpu")
        assert permission.setting() == str(mark.parent / "trap.py")
    monkeypatch.setenv(permission.SETTING, "trap.py")
    spawn_worker("cpu")
    assert [env.get(permission.SETTING) for env in started] == [None, str(mark.parent / "trap.py")]


class _Ended:
    def wait(self):
        return 0


def test_permission_needs_no_torch():
    code = "import sys, core.models.permission; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=REPO, check=False).returncode == 0


def test_a_stored_run_of_a_file_runs_nothing_on_a_page(trap, colour_folder):
    """Grad-CAM on a stored run asks the models in memory, which describe and load it by what the run says."""
    from core.explain.resident import Residents

    name, mark = trap
    with permission.naming([name]):
        models.describe(name)
    mark.unlink()
    with pytest.raises(OffcenterError, match="is not run here"), Residents(2**20).use(name, "cpu"):
        pass
    assert not mark.exists()


def test_the_error_of_a_file_is_a_model_error(write):
    with pytest.raises(ModelError, match="changed while it was run"):
        models.load(write("open(__file__, 'a').write('#')\ndef make():\n    return Net(), TRANSFORM"), "cpu")
