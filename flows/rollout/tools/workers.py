"""The rollout's side of its worker processes, on its event loop: each is started when it is first needed.

A call that takes too long is ended by killing its process; the next call starts another one. Nothing here waits for a
process to exit by itself: it is killed, or its input closes when the rollout ends. No thread stands between the event
loop and a worker: handing a call to a thread and its answer back costs a fifth of the call.
"""

import asyncio
import json
from collections import deque
from collections.abc import Sequence
from typing import Any

import orjson

from flows.environments.tool import ToolCall
from flows.rollout.tools.observation import Observation
from flows.rollout.tools.worker import Request, Worker, WorkerFault

ENDING = "the rollout is ending"


class Workers:
    """At most `count` worker processes; `timeout_s` is the time limit of one call, 0 for none."""

    def __init__(self, command: Sequence[str], count: int, timeout_s: float) -> None:
        self._command = command
        self._count = max(1, count)
        self._timeout_s = timeout_s or None
        self._waiting: deque[Request] = deque()
        self._running: set[Worker] = set()
        self._free: list[Worker] = []
        self._closed = False

    async def run(self, domain: str, call: ToolCall) -> Observation:
        """Run a call of a domain's tool in the next free worker; raises TimeoutError or WorkerFault.

        Waiting for a free worker does not count towards the time limit.
        """
        if self._closed:
            raise WorkerFault("died", ENDING)
        asked = {"domain": domain, "call": {"id": call.id, "name": call.name, "arguments": call.arguments}}
        request = Request(_line(asked), asyncio.get_running_loop().create_future())
        self._waiting.append(request)
        self._hand_out()
        reply = orjson.loads(await request.reply)
        if "fault" in reply:
            raise WorkerFault(reply["fault"], reply["message"])
        return Observation(**reply)

    def pids(self) -> list[int]:
        """Process ids of the running workers."""
        return [worker.process.pid for worker in self._running]

    def close(self) -> None:
        """Kill all workers now, in the middle of a call too."""
        self._closed = True
        while self._waiting:
            self._waiting.popleft().fail(WorkerFault("died", ENDING))
        for worker in list(self._running):
            worker.end(WorkerFault("died", ENDING))

    def _hand_out(self) -> None:
        """Give the waiting calls, in order, to workers that are free or may still be started."""
        while self._waiting and not self._closed and (self._free or len(self._running) < self._count):
            request = self._waiting.popleft()
            if request.reply.done():
                continue
            try:
                worker = self._free.pop() if self._free else self._start()
            except OSError as error:
                request.fail(error)
                continue
            worker.send(request)

    def _start(self) -> Worker:
        worker = Worker(self._command, self._timeout_s, self._answered, self._ended)
        self._running.add(worker)
        return worker

    def _answered(self, worker: Worker) -> None:
        self._free.append(worker)
        self._hand_out()

    def _ended(self, worker: Worker) -> None:
        self._running.discard(worker)
        if worker in self._free:
            self._free.remove(worker)
        self._hand_out()


def _line(request: dict[str, Any]) -> bytes:
    """The request as JSON in a line; `json` writes integers of more than 64 bits, which a model may pass."""
    try:
        return orjson.dumps(request, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:
        return json.dumps(request).encode() + b"\n"
