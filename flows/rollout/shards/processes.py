"""Works a run in several processes: starts one per shard, sums what they report, stops them at the budget.

A process that dies is started again: its journal has each finished turn, so only turns in flight are sampled again. An
error of one ends the run, as in a run of one process.
"""

import asyncio
import logging
import multiprocessing
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

from flows.environments.resources import Resources
from flows.rollout.briefs import RolloutError
from flows.rollout.journal.file import JournalError
from flows.rollout.pool.admission import max_in_flight
from flows.rollout.pool.counts import PoolCounts
from flows.rollout.protocol import Teacher
from flows.rollout.run_record import Run
from flows.rollout.server_load import Load
from flows.rollout.shards.journals import distribute, gather
from flows.rollout.shards.messages import Ended, Failed, Message, Progress, Started
from flows.rollout.shards.process import Job, run_shard
from flows.rollout.shards.shard import Shard
from flows.rollout.shards.totals import ShardTotal, Totals, with_clients
from flows.rollout.work import Factories
from flows.settings import Settings
from warehouse.lake import LakeError

LOG = logging.getLogger(__name__)
ShowProgress = Callable[[PoolCounts, Sequence[Load]], None]
"""Shows the counts of the run and the loads of its servers."""
OpeningTeacher = AbstractAsyncContextManager[Teacher]
ENGINES = ("vllm", "sglang")
"""Engines whose servers any number of processes may use."""
LOOK_EVERY_S = 0.05
REPORT_EVERY_S = 0.5
MAX_DEATHS = 5
"""Deaths of a shard's processes in a row, without a turn between them, that end the run."""


class ProcessLost(RolloutError):
    """The processes of a shard die again and again."""


@dataclass
class Running:
    """The present process of a shard."""

    shard: Shard
    process: SpawnProcess
    connection: Connection
    total: ShardTotal
    deaths: int = 0
    """Deaths in a row without a turn between them."""
    turns: int = 0
    """Turns of the shard at the last death."""
    ended: bool = False

    def receive(self) -> Message | None:
        """The next message of the process; None if there is none now."""
        try:
            return self.connection.recv() if self.connection.poll() else None
        except (EOFError, OSError):
            return None

    def stop(self, reason: str) -> None:
        """Let the process end at the next turns of its attempts."""
        try:
            self.connection.send(reason)
        except OSError:
            LOG.info("shard %s had ended before its stop", self.shard)


@dataclass
class Processes:
    """The processes of a run."""

    start: Callable[[Shard], tuple[SpawnProcess, Connection]]
    totals: Totals = field(default_factory=Totals)
    running: list[Running] = field(default_factory=list)
    stopped: str | None = None

    def open(self, shards: Sequence[Shard]) -> None:
        """Start the process of each shard."""
        for shard in shards:
            total = self.totals.shards.setdefault(shard.index, ShardTotal())
            self.running.append(Running(shard, *self.start(shard), total))

    def stop(self, reason: str) -> None:
        """Let all processes end at the next turns of their attempts."""
        self.stopped = reason
        for one in self.running:
            one.stop(reason)

    def look(self) -> bool:
        """Read the messages of the processes, and replace those that died; True once all have ended.

        Raises the error that ended one of them, or ProcessLost.
        """
        for one in self.running:
            alive = one.process.is_alive()  # before the messages are read: those of a dead process are all there
            while (message := one.receive()) is not None:
                self._take(one, message)
            if not alive and not one.ended:
                self._replace(one)
        return all(one.ended for one in self.running)

    def close(self) -> None:
        """Kill the processes that are left and wait until they are gone."""
        for one in self.running:
            one.process.kill()
        for one in self.running:
            one.process.join()
            one.connection.close()

    def _take(self, one: Running, message: Message) -> None:
        match message:
            case Started():
                one.total.start(message)
            case Progress():
                one.total.now = message
            case Ended():
                one.ended = True
            case Failed(error):
                raise error

    def _replace(self, one: Running) -> None:
        """Start another process for the shard of one that died."""
        one.total.lose()
        turns = one.total.before.counts.turns
        one.deaths, one.turns = 1 if turns > one.turns else one.deaths + 1, turns
        died = f"the process of shard {one.shard} ended with {one.process.exitcode}"
        if one.deaths >= MAX_DEATHS:
            raise ProcessLost(
                f"{died}, {one.deaths} times without finishing a turn; a kill by the system (-9) is often a lack of "
                "memory: lower rollout.processes or rollout.max_in_flight, and run again"
            )
        LOG.warning("%s: another one takes over its attempts", died)
        one.connection.close()
        one.process, one.connection = self.start(one.shard)
        if self.stopped:
            one.stop(self.stopped)


def check_processes(settings: Settings) -> None:
    """Raise RolloutError if the engine of the settings works in one process only."""
    count, engine = settings.rollout.processes, settings.teacher.engine
    if count > 1 and engine not in ENGINES:
        raise RolloutError(
            f"rollout.processes = {count} needs an engine of servers ({', '.join(ENGINES)}), not {engine}: set it to 1"
        )


async def work_in_processes(
    run: Run, resources: Resources, factories: Factories | None, opening: OpeningTeacher, progress: ShowProgress
) -> str | None:
    """Work all attempts of the run in `rollout.processes` processes; returns the budget that stopped them, or None.

    The run itself opens the teacher too: it starts a server that the settings do not name, compares the dialect with
    it, and reads its load. Raises the error that ended a process, ProcessLost, JournalError or LakeError.
    """
    state, shards = run.settings.state, Shard.all_of(run.settings.rollout.processes)
    async with opening as teacher:
        distribute(state, run.lake, run.journal, run.planned, len(shards))
        urls = [load.server for load in teacher.loads()]
        processes = Processes(lambda shard: _start(_job(run, shard, urls, resources, factories)))
        try:
            processes.open(shards)
            await _watch(processes, run, teacher, progress)
        finally:
            processes.close()
            _gather(run)
    return processes.stopped if processes.totals.sum().counts.stopped else None


async def _watch(processes: Processes, run: Run, teacher: Teacher, progress: ShowProgress) -> None:
    loop = asyncio.get_running_loop()
    shown = 0.0
    done = False
    while not done:
        done = processes.look()
        total = processes.totals.sum()
        if not processes.stopped and (reached := run.meter.reached(total.counts, loop.time())):
            processes.stop(reached)
        if done or loop.time() - shown >= REPORT_EVERY_S:
            shown = loop.time()
            progress(total.counts, with_clients(teacher.loads(), total))
        await asyncio.sleep(LOOK_EVERY_S)


def _gather(run: Run) -> None:
    """Bring the attempts back; an error here is the next run's, which gathers first."""
    try:
        gather(run.settings.state, run.lake, run.journal)
    except (JournalError, LakeError) as error:
        LOG.warning("the journals of the shards were not gathered, the next run does it: %s", error)


def _start(job: Job) -> tuple[SpawnProcess, Connection]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=run_shard, args=(job, theirs), name=f"rollout {job.shard}")
    process.start()
    theirs.close()
    return process, ours


def _job(run: Run, shard: Shard, urls: list[str], resources: Resources, factories: Factories | None) -> Job:
    """The job of a shard, with its share of the run's limits."""
    settings = run.settings
    limits = settings.rollout
    share = {
        "processes": 1,
        "max_in_flight": shard.share(max_in_flight(settings)),
        "kv_cache_share": limits.kv_cache_share / shard.count,
        "max_tokens": None,
        "max_hours": None,
    }
    sandbox = {"cores": shard.share(settings.sandbox.cores or multiprocessing.cpu_count())}
    changed = {
        "rollout": limits.model_copy(update=share),
        "sandbox": settings.sandbox.model_copy(update=sandbox),
        "teacher": settings.teacher.model_copy(update={"urls": urls}),
    }
    return Job(shard, settings.model_copy(update=changed), run.day, resources, factories)
