"""A real Ray cluster of several nodes on this machine, whose nodes and head can be lost."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import Any

NODE = {
    "num_cpus": 1,
    "object_store_memory": 80 * 1024 * 1024,
    "include_dashboard": False,
    "node_ip_address": "127.0.0.2",
}
VARIABLES = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": token_hex(16),
    "RAY_gcs_rpc_server_reconnect_timeout_s": "5",
    "PYTHONPATH": str(Path(__file__).parents[2]),
}
"""No reports to Ray's makers, no strangers (Ray listens on all interfaces), a lost head is noticed in 5 seconds, and
workers find the tests' functions, which no installation holds."""


@dataclass
class SmallCluster:
    """The nodes of a cluster, each with one worker."""

    folder: str
    cluster: Any = None
    nodes: list[Any] = field(default_factory=list)

    @property
    def address(self) -> str:
        return str(self.cluster.address)

    def start(self, nodes: int) -> None:
        """Start so many nodes; the first one is the head."""
        from ray.cluster_utils import Cluster  # Ray reads the variables when it is imported

        self.cluster = Cluster(initialize_head=True, head_node_args=NODE | {"temp_dir": self.folder})
        for _ in range(nodes - 1):
            self.add_node()

    def stop(self) -> None:
        """End all that runs, also what is left of a cluster without its head."""
        self.cluster.shutdown()
        self.nodes.clear()

    def add_node(self) -> None:
        self.nodes.append(self.cluster.add_node(**NODE))

    def lose_node(self, number: int) -> None:
        """Kill all processes of a node at once, as a machine does whose power fails."""
        self.cluster.remove_node(self.nodes.pop(number), allow_graceful=False)

    def lose_head(self) -> None:
        """Kill the process that knows all nodes."""
        self.cluster.head_node.kill_gcs_server()


@contextmanager
def small_cluster(nodes: int) -> Iterator[SmallCluster]:
    """A cluster of so many nodes; the first one is the head."""
    folder = tempfile.mkdtemp(prefix="ray-", dir="/tmp")  # sockets lie in it, whose paths may have 107 characters
    Path(folder, "ray").mkdir()  # Cluster writes its address there, and makes no folder for it
    variables = VARIABLES | {"RAY_TMPDIR": folder}
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    made = SmallCluster(folder)
    try:
        made.start(nodes)
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder, ignore_errors=True)
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
