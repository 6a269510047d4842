"""Probes each composed task before it is accepted, and stores what was proven with the task.

A task that fails a probe is refused with the reason `probe_NAME`. What could not be tried is `not_probed`, never
passed: domains without policies, worlds without state, a teacher that does not answer.
"""

import json
import logging
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from flows.domains.attempt import Attempt, Player, Policy
from flows.domains.contract import Domain, Play, Refused, Writer
from flows.environments.environment import SANDBOX
from flows.environments.resources import Resources
from flows.settings import Settings
from flows.tasks.probes.canary import leak
from schemas.prompt import prompt
from schemas.task import Hidden, Task

LOG = logging.getLogger(__name__)
PASSED, NOT_PROBED = "passed", "not_probed"
LIBRARY = "library"
BLIND = "blind"
"""The probe of the teacher."""
PROBES = ("oracle", "shortcuts", "digest", "canary", BLIND)


@dataclass
class Probes:
    """The probes that the settings switch on."""

    settings: Settings
    write: Writer
    """The teacher, for the probe `blind`."""
    resources: Resources = field(default_factory=Resources)
    """Library and sandbox of the worlds of the trials."""
    _teacher_failed: bool = field(default=False, init=False)

    def probed(self, domain: Domain, task: Task, hidden: Hidden | None) -> Task:
        """The task with the results of its probes in `difficulty`; raises Refused if one fails."""
        results = dict.fromkeys(PROBES, NOT_PROBED)
        if _sampled(task, self.settings.tasks.probe_share):
            with self._trial(domain, task, hidden) as trial:
                for name in self.settings.tasks.probes:
                    results[name] = self._probes[name](trial)
        difficulty = json.loads(task.difficulty) | {"probes": results}
        return task.model_copy(update={"difficulty": json.dumps(difficulty)})

    @contextmanager
    def _trial(self, domain: Domain, task: Task, hidden: Hidden | None) -> Iterator["Trial"]:
        self.settings.state.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="probe-", dir=self.settings.state) as folder:
            player = Player(domain, self.resources.with_sandbox(self.settings.sandbox), Path(folder))
            yield Trial(player, task, hidden, tuple(self.settings.refine.process_verifiers))

    @property
    def _probes(self) -> dict[str, Callable[["Trial"], str]]:
        return {"oracle": oracle, "shortcuts": shortcuts, "digest": digest, "canary": canary, BLIND: self._blind}

    def _blind(self, trial: "Trial") -> str:
        """Passes if the teacher fails without tools, each time; a teacher that fails is not asked again this night."""
        if self._teacher_failed or not trial.playable:
            return NOT_PROBED
        system = prompt("blind", "flows.tasks").text
        for number in range(1, self.settings.tasks.blind_tries + 1):
            try:
                answer = self.write(system.format(number=number), trial.task.instruction)
            except Exception as error:
                LOG.warning("the probe `blind` is left out: the teacher failed (%s)", error)
                self._teacher_failed = True
                return NOT_PROBED
            if trial.solved("blind", _saying(answer)):
                raise Refused("probe_blind")
        return PASSED


@dataclass(frozen=True)
class Trial:
    """One task to be tried, in worlds of its own."""

    player: Player
    task: Task
    hidden: Hidden | None
    process_verifiers: tuple[str, ...]

    @property
    def playable(self) -> bool:
        """True if its world can be opened here: worlds over the library of pages only where composers made one."""
        made = {LIBRARY} if self.player.resources.library_path else set[str]()
        return set(self.player.domain.environment.needs) <= {SANDBOX} | made

    def solved(self, name: str, policy: Policy) -> bool:
        """True if the policy solves the task. Raises Refused if policy, world or verifier fail."""
        return self._faultless(name, lambda: self.player.play(self.task, self.hidden, policy)).solved(
            self.process_verifiers
        )

    def _faultless(self, name: str, work: Callable[[], Attempt]) -> Attempt:
        try:
            return work()
        except Exception as error:
            LOG.warning("task %s (%s): %s failed: %r", self.task.task_id, self.task.composer, name, error)
            raise Refused(f"probe_fault_{name}") from error


def oracle(trial: Trial) -> str:
    """Passes if the oracle of the domain solves the task, by its shortest play if it has one."""
    policies = trial.player.domain.policies
    if policies is None or not trial.playable:
        return NOT_PROBED
    if not trial.solved("oracle", policies.proof or policies.oracle):
        raise Refused("probe_oracle")
    return PASSED


def shortcuts(trial: Trial) -> str:
    """Passes if none of the lazy policies of the domain solves the task."""
    policies = trial.player.domain.policies
    if policies is None or not policies.shortcuts or not trial.playable:
        return NOT_PROBED
    for name, policy in policies.shortcuts.items():
        if trial.solved(f"shortcut_{name}", policy):
            raise Refused(f"probe_shortcut_{name}")
    return PASSED


def digest(trial: Trial) -> str:
    """Passes if two worlds of the task's setup have the same digest."""
    if not trial.player.domain.environment.has_state or not trial.playable:
        return NOT_PROBED
    first, second = (_first_digest(trial, name) for name in ("first", "second"))
    if first != second:
        raise Refused("probe_digest")
    return PASSED


def canary(trial: Trial) -> str:
    """Passes if the hidden truth is neither in the instruction nor in the setup."""
    if part := leak(trial.task, trial.hidden):
        raise Refused(f"probe_canary_{part}")
    return PASSED


def _first_digest(trial: Trial, name: str) -> str:
    player = trial.player
    environment = player.domain.environment.open(trial.task.setup, player.resources, player.folder / name)
    try:
        return environment.checkpoint().digest
    finally:
        environment.close()


def _saying(answer: str) -> Policy:
    def policy(task: Task, hidden: Hidden | None) -> Play:
        yield from ()
        return answer

    return policy


def _sampled(task: Task, share: float) -> bool:
    """True for this share of all tasks, the same ones each time."""
    return int(task.task_id[:8], 16) < share * 2**32
