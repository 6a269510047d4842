"""Reads results of tau-bench (`traj`) and of tau2-bench simulations (`messages` with `reward_info`).

tau-bench's row has `task_id`, `reward`, `info`, `traj` and `trial`. A simulation of tau2 has `id`, `task_id`,
`messages`, `reward_info` and `termination_reason`; calls are {id, name, arguments, requestor}, and calls of the
simulated user stay in the metadata. Source: tau-bench's run.py (EnvRunResult) and tau2's data model
(SimulationRun), from memory.
"""

from flows.imports.formats.conversation import Attempt, Format, Row, Sign
from flows.imports.formats.values.chat import chat
from flows.imports.formats.values.coerce import messages_of, object_of, word
from flows.imports.formats.values.tools import tools_of


def tau_bench(row: Row) -> Attempt:
    """Convert one result; calls and results of the simulated user are left out of the conversation."""
    raw = messages_of(row.get("traj") or row.get("messages"))
    users = [
        one for one in raw if one.get("requestor") == "user" or (one.get("role") == "user" and one.get("tool_calls"))
    ]
    info = object_of(row.get("info"))
    return Attempt(
        messages=chat(one for one in raw if one not in users or (one.get("content") and one.get("role") == "user")),
        tools=tools_of(row.get("tools") or info.get("tools")),
        model=word(row.get("model") or info.get("model")),
        metadata={"user_calls": users} if users else {},
    )  # fmt: skip


def recognise(row: Row) -> Sign | None:
    """The field `traj`, or tau2's reward."""
    if isinstance(row.get("traj"), list):
        return Sign(0.95, "a list `traj`")
    if "reward_info" in row and "messages" in row:
        return Sign(0.9, "`messages` beside `reward_info`")
    return None


TAU_BENCH = Format(tau_bench, frozenset({"traj", "messages", "tools", "model"}), recognise)
