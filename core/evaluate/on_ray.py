"""Predicting with actors of Ray: many machines, or many processes of one; ``pip install "ray[data]"``.

Ray Data maps an actor per GPU, or per some cores, over numbers of blocks of ids. Paths and ids travel, never pixels:
each actor decodes what it predicts. What an actor says of a block comes back whole or not at all, so that killing one
changes no row; the driver is the only writer of the store, which alone knows what is done.
"""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
import socket
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from core import paths
from core.errors import DataError, ModelError, OffcenterError, UsageError
from core.evaluate.adapt import crew_of
from core.evaluate.work import Crew, Delivery, Report, Work
from core.models import permission

#: Images of a block, which is predicted again when its actor is lost; and blocks at most, each of which takes Ray some
#: milliseconds to plan.
_BLOCK = {"cpu": 64, "cuda": 512}
_MAX_BLOCKS = 768
#: Cores of an actor where their number is not asked for.
_CORES = 4
_BLOCK_NUMBER, _SAID = "block", "said"
#: Settings of ours that actors must have too.
_SETTINGS = ("OFFCENTER_DATA", "OFFCENTER_MODELS", "HF_HOME", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "HF_TOKEN")
#: Ray's own notes, of which none is for a user of ours; set before Ray starts.
_QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_BACKEND_LOG_LEVEL": "fatal", "RAY_AUTH_MODE": "disabled"}
#: Not for other machines: results, downloads, and what only development needs.
_STAYS = ("data/results", "data/downloads", "data/cache", ".git", "tests")


@dataclass(frozen=True)
class _Share:
    """What one actor gets of a machine."""

    cores: int
    gpus: int


class OnRay:
    """Actors of a Ray cluster.

    Args:
        address: ``auto``, or ``ray://HOST:10001``; a cluster of its own on this machine if None.
        actors: How many; one a GPU, or one for four cores if None.

    Raises:
        UsageError: If Ray is not installed.
    """

    def __init__(self, address: str | None = None, actors: int | None = None) -> None:
        try:
            import ray.data  # noqa: F401
        except ImportError as error:
            raise UsageError(f'--backend ray needs Ray ({error}): pip install "ray[data]".') from error
        self._address = address
        self._actors = actors

    def run(self, work: Work, ids: pa.Table, deliver: Any, ready: Any) -> None:
        """See ``core.evaluate.backends.Backend.run``."""
        for asked in work.models:
            if asked.module is not None:
                raise UsageError(f"'{asked.source}' is loaded in this process; Ray's actors need a model's name.")
        with _connected(self._address) as here:
            n_actors, share = self._shares(work)
            work = replace(work, workers=work.workers or share.cores, device="cuda" if share.gpus else work.device)
            seen: set[int] = set()
            begun = False
            for said in _streamed(work, ids, n_actors, share, here=here):
                number, messages = said
                # A block that came twice, because its actor was lost after it had answered, says the same again.
                if number in seen:
                    continue
                seen.add(number)
                for message in messages:
                    if isinstance(message, Exception):
                        raise message
                    if isinstance(message, Report):
                        # Every actor reports; all of them work alike.
                        if begun:
                            continue
                        begun = True
                        ready(replace(message, device=f"{message.device}, {n_actors} Ray actors"))
                    else:
                        deliver(message)

    def _shares(self, work: Work) -> tuple[int, _Share]:
        """How many actors, and what each gets.

        Raises:
            UsageError: If there is not room for as many.
        """
        import ray

        there = ray.cluster_resources()
        cores, gpus = int(there.get("CPU", 0)), int(there.get("GPU", 0))
        on_gpu = gpus > 0 and work.device != "cpu"
        if work.device.startswith("cuda") and not gpus:
            raise UsageError(f"device '{work.device}' is not there: no machine of the Ray cluster has a GPU.")
        n_actors = self._actors or (gpus if on_gpu else max(1, cores // _CORES))
        most = gpus if on_gpu else cores
        if n_actors > most:
            what = f"{gpus} GPUs" if on_gpu else f"{cores} cores"
            raise UsageError(f"--actors {n_actors} is more than the Ray cluster has room for: it has {what}.")
        return n_actors, _Share(max(1, cores // n_actors), int(on_gpu))


@contextlib.contextmanager
def _connected(address: str | None) -> Iterator[bool]:
    """Ray, started or joined; yields whether all of it is this machine's.

    Raises:
        UsageError: If there is no cluster at the address.
    """
    import ray

    from core.models.cores import available_cores

    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    logging.getLogger("ray").setLevel(logging.ERROR)
    joined = ray.is_initialized()
    if not joined:
        settings = {name: os.environ[name] for name in _SETTINGS if name in os.environ}
        if code := permission.setting():
            settings[permission.SETTING] = code
        environment: dict[str, Any] = {"env_vars": settings}
        known: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR, "configure_logging": False}
        if address is None:
            environment["env_vars"]["PYTHONPATH"] = os.pathsep.join(
                filter(None, [str(paths.REPO), os.environ.get("PYTHONPATH")])
            )
            known |= {"num_cpus": available_cores(), "include_dashboard": False}
        else:
            environment |= {"working_dir": str(paths.REPO), "excludes": list(_STAYS)}
            known |= {"address": address}
        try:
            ray.init(runtime_env=environment, **known)
        except (ConnectionError, RuntimeError, ValueError, OSError) as error:
            first = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise UsageError(
                f"no Ray cluster at --address {address or 'this machine'} ({first}). Start one with "
                "'ray start --head', or leave --address out for one of its own."
            ) from error
    try:
        yield address is None
    finally:
        if not joined:
            ray.shutdown()


def _streamed(
    work: Work, ids: pa.Table, n_actors: int, share: _Share, *, here: bool
) -> Iterator[tuple[int, list[Delivery | Report | Exception]]]:
    """What actors say, block by block, in the order in which they finish."""
    import ray

    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    # Blocks are finished by whoever is free.
    context.execution_options.preserve_order = False
    size = max(_BLOCK["cuda" if share.gpus else "cpu"], -(-ids.num_rows // _MAX_BLOCKS))
    numbers = range(-(-ids.num_rows // size))
    tables = [ids.slice(number * size, size) for number in numbers]
    numbered = [
        table.append_column(_BLOCK_NUMBER, pa.array([number] * table.num_rows))
        for number, table in zip(numbers, tables, strict=True)
    ]
    said = ray.data.from_arrow(numbered).map_batches(
        _Actor,
        fn_constructor_kwargs={"work": work, "here": here},
        batch_size=None,
        batch_format="pyarrow",
        compute=ray.data.ActorPoolStrategy(size=min(n_actors, len(numbers))),
        num_cpus=share.cores,
        num_gpus=share.gpus,
    )
    try:
        for batch in said.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=1):
            for number, content in zip(batch[_BLOCK_NUMBER].to_pylist(), batch[_SAID].to_pylist(), strict=True):
                yield number, pickle.loads(content)
    except ray.exceptions.RayError as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ModelError(
            f"Ray has stopped ({first}). All finished batches are kept; give the same command again."
        ) from error


class _Actor:
    """A crew in a process of its own; see ``Crew``."""

    def __init__(self, work: Work, here: bool) -> None:
        self._reported = False
        self._failure: Exception | None = None
        self._crew: Crew | None = None
        try:
            root = work.benchmark.root
            if not paths.is_folder(root):
                raise DataError(f"it cannot see the data folder {root}")
            self._crew = crew_of(work)
        except Exception as error:
            self._failure = error if here and isinstance(error, OffcenterError) else _of_actor(error)

    def __call__(self, batch: pa.Table) -> pa.Table:
        """What the crew says of a block."""
        number = batch[_BLOCK_NUMBER][0].as_py()
        return pa.table({_BLOCK_NUMBER: [number], _SAID: [pickle.dumps(self._block(batch))]})

    def _block(self, ids: pa.Table) -> list[Delivery | Report | Exception]:
        if self._crew is None:
            return [self._failure]
        said: list[Delivery | Report | Exception] = []
        if not self._reported:
            self._reported = True
            said.append(self._crew.report())
        try:
            for delivery in self._crew.run(ids):
                said.append(
                    delivery if delivery.failure is None else replace(delivery, failure=_plain(delivery.failure))
                )
        except Exception as error:
            said.append(_plain(error))
        return said


def _plain(error: Exception) -> Exception:
    """An error that travels."""
    return error if isinstance(error, OffcenterError) else ModelError(f"{type(error).__name__}: {error}")


def _of_actor(error: Exception) -> Exception:
    """An error that says on which machine it happened."""
    return ModelError(
        f"the actor on {socket.gethostname()} cannot begin: {_plain(error)}. Data and models must lie under the same "
        "paths on every machine of the cluster."
    )
