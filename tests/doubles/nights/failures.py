"""Ends what a night works with, at random: its own processes, workers, nodes and the head of a cluster, the store."""

import random
import re
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

import psutil

from tests.doubles.nights.places import Place
from tests.doubles.ray_cluster import SmallCluster
from tests.doubles.stores.s3 import SeaweedProcess

NODES = 3
AWAY_S = 2.0
"""Most seconds that the store is away."""
SETTLE_S = 0.2
"""Seconds until the teacher's server has ended the samples of a process that is gone."""


class Failures:
    """The kinds of failures; each ends with all that was lost started again, except the night itself.

    A failure is a function that returns False if there was nothing to end.
    """

    def __init__(self, dice: random.Random, cluster: SmallCluster, store: SeaweedProcess) -> None:
        self.dice, self.cluster, self.store = dice, cluster, store
        self.done = Counter[str]()

    def strike(self, place: Place, night: "subprocess.Popen[bytes]") -> None:
        """Let one of them happen to the night that works in a place."""
        kinds: dict[str, Callable[[], bool]] = {
            "node": self._node,
            "worker": self._worker,
            "head": lambda: self._head(place),
            "store": self._store,
            "process": lambda: self._process(night),
            "night": lambda: self._kill_one([psutil.Process(night.pid)]),
        }
        kind = next(kind for kind in self.dice.sample(list(kinds), len(kinds)) if kinds[kind]())
        self.done[f"{kind} {place.stage()} the rollout"] += 1
        print(dict(self.done), flush=True)
        time.sleep(SETTLE_S)

    def _node(self) -> bool:
        self.cluster.lose_node(self.dice.randrange(len(self.cluster.nodes)))
        self.cluster.add_node()
        return True

    def _worker(self) -> bool:
        return self._kill_one(workers_with_a_call(self.cluster.folder))

    def _head(self, place: Place) -> bool:
        """End the head, and start a new cluster, whose address the settings name from then on."""
        self.cluster.lose_head()
        time.sleep(self.dice.uniform(0, AWAY_S))
        self.cluster.stop()
        self.cluster.start(NODES)
        file = place.home / "factory.toml"
        file.write_text(re.sub(r"(?m)^address = .*$", f'address = "{self.cluster.address}"', file.read_text()))
        return True

    def _store(self) -> bool:
        self.store.kill()
        time.sleep(self.dice.uniform(0, AWAY_S))
        self.store.start()
        return True

    def _process(self, night: "subprocess.Popen[bytes]") -> bool:
        with suppress(psutil.NoSuchProcess):
            return self._kill_one(psutil.Process(night.pid).children(recursive=True))
        return False

    def _kill_one(self, found: list[psutil.Process]) -> bool:
        with suppress(psutil.NoSuchProcess, IndexError):
            self.dice.choice(found).kill()
            return True
        return False


def workers_with_a_call(folder: str) -> list[psutil.Process]:
    """The workers that have a call, as Ray shows in their names, of the cluster whose sockets lie in a folder."""
    nodes = [one for one in psutil.process_iter() if any(folder in word for word in _words(one))]
    found = [worker for node in nodes for worker in _children(node)]
    return [one for one in found if any(word.startswith("ray::call_at") for word in _words(one))]


def _children(process: psutil.Process) -> list[psutil.Process]:
    with suppress(psutil.Error):
        return list(process.children())
    return []


def _words(process: psutil.Process) -> list[str]:
    with suppress(psutil.Error):
        return list(process.cmdline())
    return []
