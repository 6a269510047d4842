"""Who may use the teacher now: contexts in flight stay under what the servers' caches hold.

A context that falls out of a server's prefix cache is paid for again in full, so more attempts than the
cache holds make a night slower, not faster. Nobody is turned away: who does not fit waits at the door of
its server's room, and the attempts of one server never wait for those of another.
"""

import asyncio
import heapq
from collections.abc import Iterator
from itertools import count

from flows.rollout.pool.kv_budget import Claim, Room, Waiting
from flows.rollout.protocol import Teacher


class Stopped(Exception):
    """Nobody is let in any more; the attempt goes on in the next run."""


class Admission:
    """The rooms of a teacher's servers: `most` attempts in each at once, `kv_share` of each cache filled."""

    def __init__(self, teacher: Teacher, most: int, kv_share: float) -> None:
        self._teacher = teacher
        self._rooms = {load.server: Room(load, most, kv_share, float(most)) for load in teacher.loads()}
        self._where: dict[str, Room] = {}
        self._numbers: Iterator[int] = count()
        self._stopped: str | None = None

    @property
    def inside(self) -> int:
        """Attempts that are let in."""
        return len(self._where)

    @property
    def waiting(self) -> int:
        """Attempts at a door."""
        return sum(len(room.line) for room in self._rooms.values())

    @property
    def limit(self) -> int:
        """Attempts that may be in all rooms now, as far as their number goes."""
        return sum(int(room.limit) for room in self._rooms.values())

    async def enter(self, session: str, tokens: int, expected: int) -> None:
        """Wait until a new attempt of so many tokens, expected to grow to `expected`, may begin; raises Stopped."""
        await self._wait(Claim(session, next(self._numbers), tokens, expected), new=True)

    async def stay(self, session: str, tokens: int) -> None:
        """Before each further turn: count the tokens, and wait while others must go first; raises Stopped."""
        if self._stopped:
            raise Stopped(self._stopped)
        room = self._where[session]
        claim = room.grow(session, tokens)
        if claim.leaving or self._room(session) is not room:
            self.leave(session)
            await self._wait(claim, new=False)

    def leave(self, session: str) -> None:
        """The attempt is over, or steps aside."""
        room = self._where.pop(session, None)
        if room:
            room.remove(session)
            self._open(room)

    def observe(self) -> None:
        """Take the servers' newest loads into account; called at even intervals."""
        for load in self._teacher.loads():
            self._rooms[load.server].observe(load)
        for room in self._rooms.values():
            if not room.load.up:
                self._redirect(room)
            self._open(room)

    def stop(self, reason: str) -> None:
        """Let nobody in any more: who waits, and who asks to stay, gets Stopped."""
        self._stopped = reason
        for room in self._rooms.values():
            for one in room.line:
                if not one.entered.done():
                    one.entered.set_exception(Stopped(reason))
            room.line.clear()

    async def _wait(self, claim: Claim, *, new: bool) -> None:
        if self._stopped:
            raise Stopped(self._stopped)
        room, entered = self._room(claim.session), asyncio.get_running_loop().create_future()
        heapq.heappush(room.line, Waiting(new, claim.number, claim, entered))
        self._open(room)
        try:
            await entered
        except asyncio.CancelledError:
            self.leave(claim.session)
            raise

    def _room(self, session: str) -> Room:
        return self._rooms[self._teacher.server(session)]

    def _open(self, room: Room) -> None:
        while room.line and (room.line[0].entered.cancelled() or room.fits(room.line[0].claim)):
            first = heapq.heappop(room.line)
            if not first.entered.done():
                room.add(first.claim)
                self._where[first.claim.session] = room
                first.entered.set_result(None)

    def _redirect(self, room: Room) -> None:
        """Whoever waits for a server that is down waits for the one that stands in for it."""
        line, room.line = room.line, []
        for one in line:
            heapq.heappush(self._room(one.claim.session).line, one)
