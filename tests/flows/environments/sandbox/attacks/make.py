"""Makes all escapes and attacks as the present user, and prints what came of each as one line of JSON.

It is also run as a program of another user, with nothing but the rooms of the sandbox beside it.
"""

import json
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from flows.environments.sandbox import Command, Images, Limits, Sandbox, Slots, remove, unavailable
from flows.environments.sandbox.escapes.trial import tried
from flows.environments.sandbox.images.images import Packages
from tests.flows.environments.sandbox.attacks.attacks import ATTACKS, Attack


def results(sandbox: Sandbox, names: list[str]) -> dict[str, list[object]]:
    """By name: [exit code, limit, seconds, bytes written, end of the output, True if the workspace is gone]."""
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(names, pool.map(lambda name: _made(sandbox, ATTACKS[name]), names), strict=True))


def _made(sandbox: Sandbox, attack: Attack) -> list[object]:
    workspace = Path(tempfile.mkdtemp(prefix="attack-"))
    limits = Limits(**{"wall_s": 30, **attack.limits})  # type: ignore[arg-type]
    try:
        done = sandbox.run(Command(attack.argv, workspace, limits=limits))
    finally:
        remove(workspace)
    end = done.output[-300:].decode("utf-8", "replace")
    return [done.exit_code, done.limit, done.seconds, len(done.output), end, not workspace.exists()]


def bare_sandbox(images: Path) -> Sandbox:
    """A sandbox without packages, so that no package index is needed."""
    return Sandbox(Images(images, [Packages("bare")]).image("bare"), Slots(2))


if __name__ == "__main__":
    if reason := unavailable():
        sys.exit(reason)
    chosen = bare_sandbox(Path(sys.argv[1]))
    got = [[one.name, one.got] for one in tried(chosen)]
    print(json.dumps({"escapes": got, "attacks": results(chosen, list(ATTACKS))}))
