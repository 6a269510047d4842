"""The process of one shard: works the attempts of its tasks like a run of its own, and reports to the run.

It ends at once when the run's process is gone, so that a journal is never held by an orphan. It reads the plan from the
lake itself: started again, here or on another machine, it goes on with the attempts that have no trajectory yet.
"""

import asyncio
import contextlib
import copy
import os
import pickle
import signal
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import date
from multiprocessing.connection import Connection
from typing import Any

from flows import event_loop
from flows.domains.finding import use_folders
from flows.environments.resources import Resources
from flows.rollout.journal.drain import drain
from flows.rollout.journal.recovery import open_journal
from flows.rollout.protocol import Dialect, Teacher, TeacherError
from flows.rollout.run_record import open_run
from flows.rollout.shards.messages import Ended, Failed, Message, Started, progress_of
from flows.rollout.shards.shard import Shard, journal_of
from flows.rollout.work import Factories, Work, default_factories, work
from flows.settings import Settings
from warehouse.connect import connect
from warehouse.lake import Lake

REPORT_EVERY_S = 0.1


@dataclass(frozen=True)
class Job:
    """The work of a process: its shard, the settings of its share, the night, and the resources of its worlds."""

    shard: Shard
    settings: Settings
    day: date
    resources: Resources
    factories: Factories | None
    """None: those of the settings' engine."""


class Link:
    """The process's end of the connection to its run."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.stopped: str | None = None
        """The reason for which the run has stopped."""

    def listen(self) -> None:
        """Wait for a stop in a thread; the end of the connection ends this process, whatever it is doing."""
        threading.Thread(target=self._listen, daemon=True, name="link").start()

    def send(self, message: Message) -> None:
        """Send a message to the run."""
        with contextlib.suppress(OSError):
            self._connection.send(message)

    def _listen(self) -> None:
        try:
            while True:
                self.stopped = self._connection.recv()
        except (EOFError, OSError):
            os._exit(1)


def run_shard(job: Job, connection: Connection) -> None:
    """Work a shard until its attempts are done or the run stops it; errors go to the run."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt goes to the whole group, and the run decides
    link = Link(connection)
    link.listen()
    try:
        _work_shard(job, link)
    except Exception as error:
        link.send(Failed(_sendable(error)))
        raise SystemExit(1) from error
    link.send(Ended())


def _work_shard(job: Job, link: Link) -> None:
    settings, lake = job.settings, Lake(job.settings.lake)
    use_folders(settings.tasks.domain_folders)
    journal, _ = open_journal(journal_of(job.shard.folder(settings.state)), lake, job.shard.worker)
    with journal:
        drain(journal, lake)
        with connect(lake, spill=settings.state / "spill") as con:
            run = open_run(settings, job.day, journal, con, None).of(job.shard.owns)
        link.send(Started(run.planned.num_rows))
        if run.planned.num_rows:
            factories = job.factories or default_factories(lambda _: None)
            event_loop.run(work(run, job.resources, factories, _opened, _watch(link)))
        drain(journal, lake)


async def _opened(teacher: Teacher, dialect: Dialect) -> None:
    """The run has compared the dialect with its server already."""


def _watch(link: Link) -> Callable[[Work], list[Coroutine[Any, Any, None]]]:
    return lambda work: [_follow(link, work)]


async def _follow(link: Link, work: Work) -> None:
    try:
        while True:
            if link.stopped and not work.stopped:
                work.stop(link.stopped)
            link.send(progress_of(work.counts(), work.loads()))
            await asyncio.sleep(REPORT_EVERY_S)
    finally:
        link.send(progress_of(work.counts(), work.loads()))


def _sendable(error: Exception) -> Exception:
    """The error, or one of the same words if it cannot be sent to another process."""
    try:
        pickle.dumps(copy.copy(error))
    except Exception:
        kind = TeacherError if isinstance(error, TeacherError) else RuntimeError
        return kind(f"{type(error).__name__}: {error}")
    return error
