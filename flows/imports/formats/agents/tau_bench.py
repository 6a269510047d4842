"""Reads results of tau-bench (`traj`) and of tau2-bench simulations (`messages` with `reward_info`).

tau-bench's row has `task_id`, `reward`, `info`, `traj` and `trial`. A simulation of tau2 has `id`, `task_id`,
`messages`, `reward_info` and `termination_reason`; calls are {id, name, arguments, requestor}, a result has the id of
its call as `id`, and calls of the simulated user stay in the metadata. Source: EnvRunResult and ToolCallingAgent of
sierra-research/tau-bench; src/tau2/data_model (message.py, simulation.py) of sierra-research/tau2-bench.
"""

from collections.abc import Iterator

from flows.imports.formats.conversation import Attempt, Format, Row, Sign
from flows.imports.formats.values.chat import chat
from flows.imports.formats.values.coerce import listed, messages_of, object_of, word
from flows.imports.formats.values.tools import tools_of


def tau_bench(row: Row) -> Attempt:
    """Convert one result; calls and results of the simulated user are left out of the conversation."""
    raw = [one for message in messages_of(row.get("traj") or row.get("messages")) for one in _flat(message)]
    users = [
        one for one in raw if one.get("requestor") == "user" or (one.get("role") == "user" and one.get("tool_calls"))
    ]
    info = object_of(row.get("info"))
    spoken = [one for one in raw if one not in users or (one.get("content") and one.get("role") == "user")]
    policy = word(row.get("policy"))
    if policy and spoken and spoken[0].get("role") != "system":
        spoken = [{"role": "system", "content": policy}, *spoken]
    return Attempt(
        messages=chat(_plain(one) for one in spoken),
        tools=tools_of([_schema(one) for one in listed(row.get("tools") or info.get("tools"), "bad_tools")]),
        model=word(row.get("model") or info.get("model")),
        metadata={"user_calls": users} if users else {},
    )  # fmt: skip


def _flat(message: Row) -> Iterator[Row]:
    """The message, or the results that tau2 holds together in one."""
    together = listed(message.get("tool_messages"), "bad_message")
    yield from (one for one in together if isinstance(one, dict)) if together else [message]


def _plain(message: Row) -> Row:
    """A result of tau2 with the id of its call and its failure under OpenAI's names."""
    if message.get("role") != "tool" or message.get("tool_call_id") or not message.get("id"):
        return message
    rest = {key: value for key, value in message.items() if key not in ("id", "error")}
    return rest | {"tool_call_id": message["id"], "is_error": message.get("error") is True}


def _schema(tool: object) -> object:
    """A signature of tau2 ({name, doc, params, returns}) as a function's schema."""
    if not isinstance(tool, dict) or "params" not in tool:
        return tool
    return {"name": tool.get("name"), "description": tool.get("doc") or "", "parameters": tool["params"]}


def recognise(row: Row) -> Sign | None:
    """The field `traj`, or tau2's reward."""
    if isinstance(row.get("traj"), list):
        return Sign(0.95, "a list `traj`")
    if "reward_info" in row and "messages" in row:
        return Sign(0.9, "`messages` beside `reward_info`")
    return None


TAU_BENCH = Format(tau_bench, frozenset({"traj", "messages", "tools", "model", "policy"}), recognise)
