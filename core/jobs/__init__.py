"""Long work, queued: it outlives every page, server and crash. Nothing here imports torch."""

from core.jobs.queue import (
    acquire_worker,
    cancel,
    claim,
    find_job,
    forget,
    is_stalled,
    list_jobs,
    resume,
    start_workers,
    submit,
    worker_lock,
    worker_log,
)
from core.jobs.table import set_aside

__all__ = [
    "acquire_worker",
    "cancel",
    "claim",
    "find_job",
    "forget",
    "is_stalled",
    "list_jobs",
    "resume",
    "set_aside",
    "start_workers",
    "submit",
    "worker_lock",
    "worker_log",
]
