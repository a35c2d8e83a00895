"""Small models, and jobs in the states that tests need."""

import json
import time
from dataclasses import replace

import safetensors.torch
import timm
import torch

from core import jobs
from core.jobs import table
from core.jobs.kinds import Evaluation
from core.jobs.table import Job, opened

#: Enough that a job is still running when a test looks at it, on a fast machine too.
N_IMAGES = 1500


def make_model(folder, architecture, seed=0):
    """A network with random weights, large enough that classes differ, in timm's folder format."""
    torch.manual_seed(seed)
    module = timm.create_model(architecture, pretrained=False)
    for parameter in module.parameters():
        if parameter.ndim > 1:
            torch.nn.init.normal_(parameter, std=0.1)
    folder.mkdir(parents=True)
    config = {"architecture": architecture, "num_classes": 1000, "pretrained_cfg": module.pretrained_cfg}
    (folder / "config.json").write_text(json.dumps(config, default=str))
    safetensors.torch.save_file(module.state_dict(), folder / "model.safetensors")


def until(fact, timeout_s=180, pause_s=0.05):
    """Whether something becomes true in time; looked at again and again."""
    end = time.monotonic() + timeout_s
    while not fact():
        if time.monotonic() > end:
            return False
        time.sleep(pause_s)
    return True


def state_of(job):
    return jobs.find_job(job.id).state


def waiting(name="20260101-000000-aaaa", submitted=0.0, arguments=None, **evaluation):
    """A job in the queue that no worker was started for, since long ago."""
    asked = arguments or Evaluation(**{"model": "small", "benchmark": "imagenet", "device": "cpu", **evaluation})
    job = Job(name, asked, "queued", submitted, queued=1.0)
    with opened(to_change=True) as rows:
        table.add(rows, job)
    return job


def changed(job, **standing):
    """The same job, standing otherwise."""
    job = replace(job, **standing)
    with opened(to_change=True) as rows:
        table.update(rows, job)
    return job
