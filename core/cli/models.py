"""``python -m core models``: what is on this machine, what a model is, whether it is alive, how to bring one's own."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
import typer.core

from core import paths
from core.cli import terminal
from core.cli.options import Device, Json, print_json

if TYPE_CHECKING:
    from core.answers.models import Fit, Listed
    from core.explain.health import Checked

_HELP = """What a model is called, here, in --model and on the Runs page:
  resnet50.a1_in1k           a name of timm's; weights come from the hub
  my-net                     a folder below a folder of models, see the end
  hf-hub:owner/name          a repository of the hub in timm's format
  local-dir:~/runs/my-net    a folder in timm's format: config.json and
                             model.safetensors or pytorch_model.bin
  torchvision:alexnet.IMAGENET1K_V1
                             weights of torchvision's; your own checkpoint:
                             torchvision:resnet18?weights=net.pth
  open-clip:ViT-B-32/laion2b_s34b_b79k
                             zero-shot, classes named by texts; also
                             open-clip:hf-hub:owner/name or a folder.
                             Needs: pip install open_clip_torch
  transformers:google/vit-base-patch16-224
                             an image classifier with its image processor,
                             of the hub or a folder (save_pretrained).
                             Needs: pip install transformers
  onnx:net.onnx              a graph, with a JSON beside it, see below; no
                             saliency maps. Needs: pip install onnxruntime
  python:net.py:make         a function of yours that returns a torch
                             module, or (module, transform). It runs your
                             code, so only where you name the file: here,
                             or in OFFCENTER_PYTHON_MODELS=net.py

Options end a name, in quotes: "my-net?preset=zoom-paper&interpolation=box"
  preset          size, crop and interpolation of a paper:
                  {presets}
  interpolation   {interpolations}
  prompts         zero-shot: {prompts},
                  or a file with a template a line ("a photo of a {{}}.")
  classes         zero-shot: {spaces}
                  (WordNet's first names, as FOCUS took), a set of your own,
                  or a file with a name a line; a CSV with the columns class
                  and name has texts call a class otherwise than its label.
                  torchvision with weights=: a file with its classes' names

ONNX: net.json beside net.onnx; what the graph tells can be left out:
  input, output   names, where the graph has several
  input_size      [height, width];  layout: nchw or nhwc
  mean, std       of pixels of 0..1 ("scale": 1) or 0..255 ("scale": 255)
  channels        rgb or bgr
  resize          pixels of the shorter side before the crop, or crop_pct
  crop_mode       center, squash or border;  interpolation: bilinear, ...
  output_is       logits or probabilities
  labels          class names, a file of them, or {first_space}
The same as options: "onnx:net.onnx?layout=nhwc&mean=0.5&std=0.5"; what the
graph was trained with is then resample=bilinear, and interpolation= a swap

Folders of models, in which a folder's name is enough:
  {folders}
OFFCENTER_MODELS=DIR adds one; several have {separator} between them.
Whatever you bring: 'python -m core models check NAME' tells if it is alive.
"""


class _Group(typer.core.TyperGroup):
    """Commands whose help says how to bring a model."""

    def format_help_text(self, ctx: Any, formatter: Any) -> None:
        """Write what is known now: presets, prompts, folders."""
        super().format_help_text(ctx, formatter)
        formatter.write("\n" + "".join(f"  {line}\n" if line else "\n" for line in how_to_bring().splitlines()))


def how_to_bring() -> str:
    """What can be typed for a model, in lines that fit a terminal."""
    from core.labels import FOCUS_10, IMAGENET_1K
    from core.models import presets, zero_shot

    return _HELP.format(
        presets=", ".join(presets.PRESETS),
        interpolations=", ".join(presets.INTERPOLATIONS),
        prompts=", ".join(zero_shot.prompt_sets()),
        spaces=f"{FOCUS_10}, {IMAGENET_1K}, {zero_shot.LEMMAS}",
        first_space=IMAGENET_1K,
        folders="\n  ".join(str(path) for path in paths.model_folders()),
        separator=os.pathsep,
    )


app = typer.Typer(cls=_Group, help="Models on this machine, and how to bring your own.", rich_markup_mode=None)
Name = Annotated[str, typer.Argument(metavar="NAME", help="As --model takes it; 'models --help' has all kinds.")]
#: How findings begin, and how they look.
_MARKS = {"ok": "ok  ", "info": "?   ", "warn": "note", "bad": "BAD "}
_STYLES = {"warn": "yellow", "bad": "bold red"}
_RIGHT = {True: "right", False: "wrong", None: ""}


@app.callback(invoke_without_command=True)
def models(context: typer.Context, as_json: Json = False) -> None:
    """List the models on this machine."""
    if context.invoked_subcommand is not None:
        return
    from core.answers.models import listed
    from core.models import hub_models

    rows, hub = listed(), list(hub_models())
    if as_json:
        local = [_content(row) for row in rows]
        print_json({"local": local, "hub_cache": hub, "folders": [str(path) for path in paths.model_folders()]})
        return
    _say(*_lines(rows))
    _say(*(f"{row.name}: {row.problem}" for row in rows if row.problem))
    _say(*(f"{name}  (in the hub's cache)" for name in hub))
    if not rows and not hub:
        _say("No models on this machine yet.")
    _say(
        "",
        "'python -m core models --help' says how to bring your own: timm, torchvision,",
        "OpenCLIP, transformers, ONNX, a Python function. 'models show NAME' and",
        "'models check NAME' tell more of one.",
    )


def _say(*lines: str) -> None:
    for line in lines:
        terminal.out.print(line, soft_wrap=True, markup=False)


def _content(row: Listed) -> dict[str, Any]:
    found = asdict(row) | {"folder": str(row.folder)}
    return found | {"label_space": row.label_space or None, "problem": row.problem or None}


def _lines(rows: Sequence[Listed]) -> list[str]:
    """A line a model, in columns."""
    from core.answers.catalogue import size_in_words, space_in_words

    found = [("model", "kind", "classes", "input", "size")] if rows else []
    for row in rows:
        classes = space_in_words(row.label_space) if row.label_space else "told once it is loaded"
        side = f"{row.input_px} px" if row.input_px else ""
        size = size_in_words(row.megabytes) if row.megabytes is not None else ""
        found.append((row.name, row.kind, "cannot be used" if row.problem else classes, side, size))
    widths = [max(map(len, column)) for column in zip(*found, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in found]


@app.command()
def show(name: Name, as_json: Json = False) -> None:
    """What a model is: classes, preprocessing, size, files; which benchmarks it fits and why not the others."""
    from core.answers import models as answers
    from core.answers.catalogue import KnownModel
    from core.models.descriptions import with_files

    model, files = with_files(name)
    facts = answers.facts_of(model)
    fits = answers.fits(KnownModel(model.name, model.source, model.label_space))
    if as_json:
        shown = {name: getattr(model, name) for name in ("name", "source", "label_space", "transform", "fingerprint")}
        shown |= {"facts": facts, "notes": list(model.notes), "files": [str(path) for path in files]}
        print_json({**shown, "fits": [asdict(fit) for fit in fits]})
        return
    terminal.out.print(model.name, style="bold", markup=False)
    width = max(map(len, facts))
    _say(*(f"  {about:{width}}  {said}" for about, said in facts.items()))
    _say(*(f"  {'file':{width}}  {path}" for path in files))
    _say_fits(fits)


app.command(name="describe", hidden=True)(show)


def _say_fits(fits: Sequence[Fit]) -> None:
    grouped: dict[str, list[str]] = {}
    for fit in fits:
        how = (
            "can be evaluated on"
            if fit.is_ready
            else f"fits, but {fit.why}"
            if fit.fits
            else f"does not fit: {fit.why}"
        )
        grouped.setdefault(how, []).append(fit.key)
    for how, keys in grouped.items():
        terminal.out.print(f"{how[0].upper()}{how[1:]}:", style="bold", markup=False)
        terminal.out.print(f"  {', '.join(keys)}", markup=False)


@app.command()
def check(name: Name, device: Device = "auto", as_json: Json = False) -> None:
    """Show a model eight pictures that come with the project: does what it says of them look alive?

    Exit code 0 if it does, 1 if not: numbers that are none, the same for every picture, probabilities in place of
    logits, nearly uniform or wholly certain answers, classes in a wrong order, a preprocessing of another kind.
    """
    from core import models as catalogue
    from core.explain import health

    found = health.check(catalogue.load(name, device))
    if as_json:
        print_json({**asdict(found), "alive": found.alive, "verdict": found.verdict})
    else:
        _say_checked(found)
    if not found.alive:
        raise typer.Exit(1)


def _say_checked(found: Checked) -> None:
    for finding in found.findings:
        style = _STYLES.get(finding.level, "")
        terminal.out.print(f"{_MARKS[finding.level]} {finding.about}: {finding.said}", style=style, soft_wrap=True)
    for answer in found.answers:
        told = ", ".join(f"{name} {100 * share:.1f} %" for name, share in answer.top)
        _say(f"     {answer.shows:6} {_RIGHT[answer.is_right]:6} {told}")
    _say(f"{found.seconds:.3g} s a picture, one at a time, on {found.device}.")
    terminal.out.print(f"{found.model} {found.verdict}.", style="bold", markup=False)
