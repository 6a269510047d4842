"""A ledger of accounts in memory: equal calls give equal answers, so it is rebuilt by making them again."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from pydantic import Field

from flows.domains.contract import Domain, Finished, Judgement, Verifier
from flows.environments.environment import Checkpoint, EnvironmentKind, FinalState
from flows.environments.resources import Resources
from flows.environments.tool import Answer, Arguments, Tool, ToolCall
from schemas.prompt import prompt
from schemas.task import Hidden
from tests.doubles.domains import event


class AddArguments(Arguments):
    account: str = Field(description="name of the account")
    amount: int = Field(description="amount to add")


class BalanceArguments(Arguments):
    account: str = Field(description="name of the account")


TOOLS = (
    Tool("add", "Add an amount to an account.", AddArguments),
    Tool("balance", "The balance of an account.", BalanceArguments, read_only=True),
)


class Ledger:
    """Accounts by name.

    `faults` in the setup: number of a call, or `examination` -> a file; it fails once if that is missing.

    `drift` names a file whose content is added to every answer, as a world that is not deterministic would.
    """

    def __init__(self, setup: str) -> None:
        self._setup: dict[str, object] = json.loads(setup)
        self._accounts = Counter[str]()
        self._calls = 0

    def tools(self) -> tuple[Tool, ...]:
        return TOOLS

    def act(self, call: ToolCall) -> Answer:
        event()
        self._calls += 1
        account = str(call.arguments["account"])
        if call.name == "add":
            self._accounts[account] += int(str(call.arguments["amount"]))
        self.fault(str(self._calls))
        event()
        drift = Path(str(self._setup.get("drift", "/dev/null"))).read_text()
        return Answer(f"{account}: {self._accounts[account]}{drift}")

    def checkpoint(self) -> Checkpoint:
        event()
        return Checkpoint(hashlib.sha256(self._state().encode()).hexdigest())

    def restore(self, checkpoint: Checkpoint, calls: Sequence[ToolCall]) -> list[Answer]:
        return [self.act(call) for call in calls]

    def finish(self, answer: str | None) -> FinalState:
        event()
        return FinalState(self.checkpoint().digest, checks={"accounts": self._accounts, "calls": self._calls})

    def close(self) -> None:
        self._accounts.clear()

    def fault(self, moment: str) -> None:
        """Fail if the setup names a file for the moment which is missing, and make it."""
        marker = Path(str(dict(self._setup.get("faults", {})).get(moment, "/")))  # type: ignore[call-overload]
        if not marker.exists():
            marker.touch()
            raise OSError("the pen broke after the entry was made")

    def _state(self) -> str:
        return json.dumps([sorted(self._accounts.items()), self._calls])


def _opened(setup: str, resources: Resources, folder: Path) -> Ledger:
    return Ledger(setup)


def _examine(ledger: Ledger, hidden: Hidden, resources: Resources, folder: Path) -> dict[str, object]:
    """Writes the truth into its folder, as an examination by hidden tests does, and reads it again."""
    (folder / "truth.json").write_text(str(hidden.goal))
    event()
    ledger.fault("examination")
    return {"examined": json.loads((folder / "truth.json").read_text()) == dict(ledger.finish(None).checks)["accounts"]}


def balances_match(attempt: Finished) -> Judgement:
    if attempt.outcome is None or attempt.hidden is None or attempt.hidden.goal is None:
        return Judgement("no_outcome")
    checks, goal = json.loads(attempt.outcome.checks), json.loads(attempt.hidden.goal)
    if checks["examined"] != (checks["accounts"] == goal):
        return Judgement("not_examined")
    return Judgement("ok" if checks["accounts"] == goal else "other_balances")


DOMAIN = Domain(
    name="ledger",
    environment=EnvironmentKind("ledger", "1", lambda setup, dialect: TOOLS, _opened, examine=_examine),
    verifiers=(Verifier("balances_match", "1", balances_match),),
    composers=(),
    chat_prompt=prompt("search_system", "flows.domains.search"),
)
