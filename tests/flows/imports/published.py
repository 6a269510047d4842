"""One row per format with the structure of its published rows, in our own words, and what must be found in it.

The structure follows the documentation, the code or the published rows that each format's module names. `drops` lists
fields that an import leaves out on purpose.
"""

# ruff: noqa: E501 (a message is easier to read on one line)
import json
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]
PARAMETERS = {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]}
SEARCH = {"type": "function", "function": {"name": "search", "description": "Find pages.", "parameters": PARAMETERS}}


@dataclass(frozen=True)
class Published:
    """A row, and the shape of its conversation: one letter per message (s, u, a, t), calls by name after `a`."""

    format: str
    row: Row
    shape: str
    answer: str | None = None
    drops: dict[str, str] = field(default_factory=dict)
    """Text of the row that is dropped -> the reason."""


def called(id: str, name: str = "search", **arguments: Any) -> Row:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}


def openai(place: str, river: str) -> list[Row]:
    """A conversation in OpenAI's form."""
    return [
        {"role": "user", "content": f"Which river runs by {place}?"},
        {"role": "assistant", "content": "I look.", "reasoning_content": f"A map of {place} helps.", "tool_calls": [called("c1", query=place)]},
        {"role": "tool", "tool_call_id": "c1", "content": f"The {river} runs by {place}."},
        {"role": "assistant", "content": f"The {river}."},
    ]  # fmt: skip


def weighted(messages: list[Row]) -> list[Row]:
    """The messages, of the assistant's only the last one to be trained on, as OpenAI's fine-tuning format marks it."""
    last = len(messages) - 1
    return [one | {"weight": int(at == last)} if one["role"] == "assistant" else one for at, one in enumerate(messages)]


BLOCKS: list[Row] = [
    {"role": "user", "content": [{"type": "text", "text": "Which port?"}, {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0K"}}]},
    {"role": "assistant", "content": [
        {"type": "thinking", "thinking": "Read it first.", "signature": "sig-1"},
        {"type": "text", "text": "I read the file."},
        {"type": "tool_use", "id": "tu1", "name": "read", "input": {"path": "conf.ini"}},
    ]},
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "tu1", "content": [{"type": "text", "text": "port=80"}]}]},
    {"role": "assistant", "content": [{"type": "redacted_thinking", "data": "opaque"}, {"type": "text", "text": "Port 80."}]},
]  # fmt: skip
READ_TOOL = {"name": "read", "description": "Read a file.", "input_schema": {"type": "object", "properties": {"path": {"type": "string"}}}}  # fmt: skip
SIGNATURE = {
    "sig-1": "a provider's proof", "opaque": "encrypted reasoning, counted",
    **dict.fromkeys(("image", "base64", "image/png", "iVBORw0K"), "an image, counted"),
}  # fmt: skip


def event(kind: str, uuid: str, parent: str | None, message: Row, **rest: Any) -> Row:
    """A line of a Claude Code session."""
    frame = {"parentUuid": parent, "isSidechain": False, "userType": "external", "cwd": "/srv", "sessionId": "sess-1"}
    return frame | {"version": "2.1.144", "type": kind, "message": message, "uuid": uuid} | rest


CLAUDE_EVENTS = [
    {"type": "summary", "summary": "Port of the server", "leafUuid": "u5"},
    {"type": "file-history-snapshot", "messageId": "u1", "snapshot": {"trackedFileBackups": {}}, "isSnapshotUpdate": False},
    event("user", "u1", None, {"role": "user", "content": "Which port does the server use?"}, permissionMode="default"),
    event("assistant", "u2", "u1", {"id": "m1", "role": "assistant", "model": "claude-x", "content": [BLOCKS[1]["content"][0]]}, requestId="req_1"),
    event("assistant", "u3", "u2", {"id": "m1", "role": "assistant", "model": "claude-x", "content": [{"type": "tool_use", "id": "tu7", "name": "Read", "input": {"file_path": "server.ini"}}]}),
    event("user", "s1", None, {"role": "user", "content": "Look at server.ini for me."}, isSidechain=True, agentId="a1"),
    event("user", "u4", "u3", {"role": "user", "content": [{"tool_use_id": "tu7", "type": "tool_result", "content": "listen=80"}]}, toolUseResult={"type": "text", "file": {"filePath": "server.ini"}}, sourceToolAssistantUUID="u3"),
    event("assistant", "u5", "u3", {"id": "m1", "role": "assistant", "model": "claude-x", "content": [{"type": "tool_use", "id": "tu8", "name": "Bash", "input": {"command": "ss -tln"}}]}),
    event("user", "u6", "u5", {"role": "user", "content": [{"tool_use_id": "tu8", "type": "tool_result", "content": "0.0.0.0:80", "is_error": False}]}),
    event("assistant", "b1", "u6", {"id": "m2", "role": "assistant", "model": "claude-x", "content": [{"type": "text", "text": "Perhaps 8080."}]}),
    event("assistant", "u7", "u6", {"id": "m3", "role": "assistant", "model": "claude-x", "content": [{"type": "text", "text": "Port 80."}], "stop_reason": "end_turn", "usage": {"output_tokens": 4}}),
]  # fmt: skip
CODEX_LINES = [
    {"timestamp": "2026-01-01T00:00:00Z", "type": "session_meta", "payload": {"id": "cx-1", "cwd": "/srv", "originator": "codex_cli_rs", "cli_version": "0.46.0", "instructions": "You code.", "git": {"branch": "main"}}},
    {"timestamp": "t1", "type": "turn_context", "payload": {"cwd": "/srv", "approval_policy": "never", "model": "gpt-x", "effort": "high"}},
    {"timestamp": "t2", "type": "response_item", "payload": {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "List the files."}]}},
    {"timestamp": "t3", "type": "response_item", "payload": {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Use ls."}], "content": None, "encrypted_content": "opaque"}},
    {"timestamp": "t4", "type": "response_item", "payload": {"type": "function_call", "name": "shell", "arguments": "{\"command\": [\"ls\"]}", "call_id": "k1"}},
    {"timestamp": "t5", "type": "response_item", "payload": {"type": "function_call_output", "call_id": "k1", "output": "{\"output\": \"a.py\", \"metadata\": {\"exit_code\": 0}}"}},
    {"timestamp": "t6", "type": "response_item", "payload": {"type": "custom_tool_call", "status": "completed", "call_id": "k2", "name": "apply_patch", "input": "*** Begin Patch"}},
    {"timestamp": "t7", "type": "response_item", "payload": {"type": "custom_tool_call_output", "call_id": "k2", "output": [{"type": "input_text", "text": "Patched."}]}},
    {"timestamp": "t8", "type": "response_item", "payload": {"type": "ghost_snapshot", "ghost_commit": {"id": "3c4d"}}},
    {"timestamp": "t9", "type": "compacted", "payload": {"message": "So far: files listed."}},
    {"timestamp": "t10", "type": "event_msg", "payload": {"type": "agent_message", "message": "There is a.py."}},
    {"timestamp": "t11", "type": "response_item", "payload": {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "There is a.py."}]}},
]  # fmt: skip
HERMES_SYSTEM = "You call functions. <tools>\n{'type': 'function', 'function': {'name': 'price', 'parameters': {'type': 'object', 'properties': {'of': {'type': 'string'}}}}}\n</tools>"  # fmt: skip
GLAIVE_SYSTEM = 'SYSTEM: You have functions. Use them -\n{"name": "price", "description": "A price", "parameters": {"type": "object", "properties": {"of": {"type": "string"}}}}'  # fmt: skip
TOOLBENCH_SYSTEM = """You are AutoGPT, you can use many tools(functions) to do the following task.
Specifically, you have access to the following APIs: [{'name': 'rain_in_for_weather', 'description': 'This is the subfunction for tool "weather", you can use this tool.', 'parameters': {'type': 'object', 'properties': {'city': {'type': 'string', 'description': '', 'example_value': 'Rome'}}, 'required': ['city'], 'optional': []}}, {'name': 'Finish', 'description': "If you can't handle the task, call this function to restart.", 'parameters': {'type': 'object', 'properties': {'return_type': {'type': 'string', 'enum': ['give_answer', 'give_up_and_restart']}, 'final_answer': {'type': 'string'}}, 'required': ['return_type']}}]"""

ROWS = [
    Published("messages", {"messages": weighted(openai("Vell", "Orm")), "tools": [SEARCH], "answer": "The Orm", "model": "m/one", "source": "maps"}, "ua[search]ta"),
    Published(
        "anthropic",
        {"system": "You help.", "tools": [READ_TOOL], "messages": BLOCKS, "model": "claude-x", "max_tokens": 512},
        "sua[read]ta", drops=SIGNATURE,
    ),
    Published("trl", {"prompt": openai("Tarn", "Sill")[:1], "completion": openai("Tarn", "Sill")[1:], "tools": [SEARCH]}, "ua[search]ta"),
    Published(
        "openseeker",
        {
            "question": "Which river?", "answer": "The Orm", "trajectory correctness": "correct",
            "trajectory": [
                {"role": "user", "content": "Which river?"},
                {"role": "assistant", "content": '<think>Look.</think><tool_call>{"name": "search", "arguments": {"query": "river"}}</tool_call>'},
                {"role": "user", "content": "<tool_response>The Orm.</tool_response>"},
                {"role": "assistant", "content": "<think>Clear.</think><answer>The Orm</answer>"},
            ],
        },
        "ua[search]ta",
    ),
    Published(
        "openresearcher",
        {
            "qid": 7, "question": "Which river is the longest?", "answer": "The Orm", "status": "completed",
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "Which river is the longest?"}]},
                {"role": "assistant", "channel": "analysis", "content": "Look."},
                {"role": "assistant", "channel": "commentary", "recipient": "browser.search", "content": '{"query": "river"}'},
                {"role": "tool", "name": "browser.search", "content": [{"type": "text", "text": "The Orm."}]},
                {"role": "assistant", "channel": "final", "content": "Exact Answer: The Orm"},
            ],
        },
        "ua[browser.search]ta", "The Orm",
        drops=dict.fromkeys(("analysis", "commentary", "final"), "a channel: it says whether a text is reasoning, a call or the answer"),
    ),
    Published(
        "toucan",
        {
            "uuid": "tc-1", "subset_name": "single",
            "available_tools": json.dumps([SEARCH]),
            "messages": json.dumps([
                {"role": "user", "content": "Which river is blue?"},
                {"role": "assistant", "content": "I search.", "function_call": {"name": "search", "arguments": '{"query": "river"}'}},
                {"role": "function", "name": "search", "content": "The Orm."},
                {"role": "assistant", "content": "The Orm, then."},
            ]),
        },
        "ua[search]ta",
    ),
    Published(
        "dolci",
        {
            "id": "d1", "dataset_source": "toolsets",
            "messages": [
                {"role": "system", "content": "You may call functions.", "functions": json.dumps([{"name": "rain_in", "description": "Rain.", "parameters": {"city": {"type": "str", "description": "A city"}}}]), "function_calls": None},
                {"role": "user", "content": "Does it rain?", "functions": None, "function_calls": None},
                {"role": "assistant", "content": None, "functions": None, "function_calls": 'rain_in(city="Oslo")\nrain_in(city="Bergen")'},
                {"role": "environment", "content": '{"rain": true}', "functions": None, "function_calls": None},
                {"role": "environment", "content": '{"rain": false}', "functions": None, "function_calls": None},
                {"role": "assistant", "content": "In Oslo only.", "functions": None, "function_calls": None},
            ],
        },
        "sua[rain_in,rain_in]tta", drops={"str": "Python's name of the JSON type string"},
    ),
    Published(
        "sharegpt",
        {
            "system": "Be kind.", "tools": json.dumps([{"name": "cancel", "description": "Cancel.", "parameters": {"type": "object", "properties": {"id": {"type": "string"}}}}]),
            "conversations": [
                {"from": "human", "value": "Cancel 7."},
                {"from": "function_call", "value": '{"name": "cancel", "arguments": {"id": "7"}}'},
                {"from": "observation", "value": '{"status": "ok"}'},
                {"from": "gpt", "value": "Done."},
            ],
        },
        "sua[cancel]ta",
    ),
    Published(
        "hermes",
        {
            "id": "h1", "category": "Prices",
            "conversations": [
                {"from": "system", "value": HERMES_SYSTEM},
                {"from": "human", "value": "What does ABC cost?"},
                {"from": "gpt", "value": "<tool_call>\n{'arguments': {'of': 'ABC'}, 'name': 'price'}\n</tool_call>"},
                {"from": "tool", "value": '<tool_response>\n{"name": "price", "content": 3}\n</tool_response>'},
                {"from": "gpt", "value": "ABC costs 3."},
            ],
        },
        "sua[price]ta",
    ),
    Published(
        "glaive",
        {
            "system": GLAIVE_SYSTEM,
            "chat": "USER: What does DEF cost?\n\n\nASSISTANT: <functioncall> {\"name\": \"price\", \"arguments\": '{\"of\": \"DEF\"}'} <|endoftext|>\n\n\nFUNCTION RESPONSE: {\"price\": 3}\n\n\nASSISTANT: It costs 3. <|endoftext|>\n\n\n",
        },
        "sua[price]ta",
    ),
    Published(
        "xlam",
        {
            "id": 4, "query": "Where is ABC made?",
            "tools": json.dumps([{"name": "made_in", "description": "Origin.", "parameters": {"of": {"type": "str", "description": "Ticker"}, "limit": {"type": "int, optional", "description": "Most", "default": 3}}}]),
            "answers": json.dumps([{"name": "made_in", "arguments": {"of": "ABC"}}]),
        },
        "ua[made_in]", '[{"name": "made_in", "arguments": {"of": "ABC"}}]',
        drops={"str": "Python's name of a JSON type", "int, optional": "Python's name of a JSON type"},
    ),
    Published(
        "toolbench",
        {
            "id": "Step 6: Does it rain in Oslo?",
            "conversations": [
                {"from": "system", "value": TOOLBENCH_SYSTEM},
                {"from": "user", "value": "\nDoes it rain in Oslo?\nBegin!\n"},
                {"from": "assistant", "value": '\nThought: I ask.\nThought: One city is enough.\nAction: rain_in_for_weather\nAction Input: {"city": "Oslo"}'},
                {"from": "function", "value": '{"error": "", "response": "yes"}'},
                {"from": "assistant", "value": '\nThought: Done.\nAction: Finish\nAction Input: {"return_type": "give_answer", "final_answer": "It rains."}'},
            ],
        },
        "sua[rain_in_for_weather]ta[Finish]", "It rains.",
    ),
    Published(
        "atif",
        {
            "schema_version": "ATIF-v1.7", "session_id": "s1", "trajectory_id": "t1", "notes": "second try",
            "agent": {"name": "terminus-2", "version": "2.0.0", "model_name": "m/x", "extra": {"parser": "json"}},
            "steps": [
                {"step_id": 1, "source": "user", "message": "Make hello.txt."},
                {
                    "step_id": 2, "timestamp": "2026-01-01T00:00:00Z", "source": "agent", "message": "I write it.", "reasoning_content": "Two commands.", "llm_call_count": 1,
                    "tool_calls": [
                        {"tool_call_id": "k1", "function_name": "keys", "arguments": {"keystrokes": "echo hi > hello.txt"}},
                        {"tool_call_id": "k2", "function_name": "keys", "arguments": {"keystrokes": "cat hello.txt"}},
                    ],
                    "observation": {"results": [{"content": "hi", "subagent_trajectory_ref": [{"trajectory_id": "child"}]}]},
                    "metrics": {"prompt_tokens": 10},
                },
                {"step_id": 3, "source": "agent", "message": "It is there."},
            ],
            "final_metrics": {"total_steps": 3},
            "subagent_trajectories": [{"schema_version": "ATIF-v1.7", "trajectory_id": "child", "steps": [{"step_id": 1, "source": "user", "message": "Check it."}]}],
        },
        "ua[keys,keys]tta", drops={"ATIF-v1.7": "names the format", **dict.fromkeys("123", "the position of a step")},
    ),
    Published(
        "adp",
        {
            "id": "adp-1", "schema_version": "1.2.0", "details": {"dataset": "rivers"},
            "content": [
                {"class_": "text_observation", "content": "Which files are there?", "source": "user"},
                {"class_": "code_action", "language": "bash", "content": "ls", "description": "I list them."},
                {"class_": "text_observation", "content": "a.py", "source": "environment"},
                {"class_": "api_action", "function": "open_page", "kwargs": {"url": "a.py"}, "description": None, "reasoning_content": "Look inside."},
                {"class_": "web_observation", "url": "file://a.py", "html": "<p>1</p>", "axtree": "text 1", "viewport_size": None, "image_observation": None},
                {"class_": "message_action", "content": "<finish> Only a.py. </finish>", "description": ""},
            ],
        },
        "ua[execute_bash]ta[open_page]ta",
        drops={"text_observation": "the kind of item", "code_action": "the kind of item", "api_action": "the kind of item", "web_observation": "the kind of item", "message_action": "the kind of item", "environment": "the side of the item", "<p>1</p>": "the page's accessibility tree is kept instead", "<finish> Only a.py. </finish>": "a mark around the last message"},
    ),
    Published(
        "openhands",
        {
            "trajectory_id": "acme-1_1", "instance_id": "acme-1", "repo": "acme/parser", "exit_status": "submit", "resolved": 1, "model_patch": "diff --git",
            "tools": [{"type": "function", "function": {"name": "execute_bash", "description": "Run.", "parameters": {"type": "object", "properties": {"command": {"type": "string"}}}}}],
            "trajectory": [
                {"role": "system", "content": "You fix repositories."},
                {"role": "user", "content": "The last line is dropped."},
                {"role": "assistant", "content": "I look.", "tool_calls": [called("x1", "execute_bash", command="ls")]},
                {"role": "tool", "name": "execute_bash", "tool_call_id": "x1", "content": "parser.py"},
                {"role": "assistant", "content": "", "tool_calls": [called("x2", "finish", message="The last line is kept.")]},
            ],
        },
        "sua[execute_bash]ta[finish]", "The last line is kept.",
    ),
    Published(
        "swe-agent",
        {
            "instance_id": "acme-2", "model_name": "swe-llama", "target": True, "exit_status": "submitted", "generated_patch": "diff", "eval_logs": "1 passed",
            "trajectory": [
                {"role": "system", "system_prompt": "You use commands.", "text": None, "mask": False, "cutoff_date": "01.01.2025"},
                {"role": "user", "text": "Mend the parser.", "mask": False},
                {"role": "ai", "text": "I open it.\n\n```\nopen parser.py\n```", "mask": False},
                {"role": "user", "text": "[File: parser.py]", "mask": False},
                {"role": "ai", "text": "Done.\n\n```\nsubmit\n```", "mask": False},
            ],
        },
        "sua[run]ta[submit]", "Done.",
    ),
    Published(
        "mini-swe-agent",
        {
            "trajectory_format": "mini-swe-agent-1.1", "instance_id": "acme-3",
            "info": {"exit_status": "Submitted", "submission": "diff --git a", "model_stats": {"api_calls": 2}, "config": {"model": {"model_name": "m/mini"}}},
            "messages": [
                {"role": "system", "content": "You run bash."},
                {"role": "user", "content": "Mend it."},
                {"role": "assistant", "content": "THOUGHT: look\n\n```bash\nls\n```", "extra": {"actions": [{"command": "ls"}]}},
                {"role": "user", "content": "<returncode>0</returncode>\n<output>\na.py</output>"},
                {"role": "assistant", "content": "THOUGHT: done\n\n```bash\necho COMPLETE\n```"},
                {"role": "exit", "content": "diff --git a"},
            ],
        },
        "sua[bash]ta[bash]", "diff --git a", drops={"exit": "the role of the message that ends the file"},
    ),
    Published(
        "tau-bench",
        {
            "task_id": 1, "reward": 1.0, "trial": 2,
            "info": {"task": {"user_id": "mia_li", "instruction": "Cancel W1.", "actions": [{"name": "cancel_order", "kwargs": {"order_id": "W1"}}], "outputs": []}, "source": "user", "user_cost": 0.01, "reward_info": {"reward": 1.0, "info": {"r_actions": 1.0, "gt_data_hash": "9f2e"}, "actions": []}},
            "traj": [
                {"role": "system", "content": "Policy."},
                {"role": "user", "content": "Cancel order W1."},
                {"role": "assistant", "content": None, "tool_calls": [called("t1", "cancel_order", order_id="W1")], "function_call": None, "provider_specific_fields": {"refusal": None}},
                {"role": "tool", "tool_call_id": "t1", "name": "cancel_order", "content": "cancelled"},
                {"role": "assistant", "content": "It is cancelled."},
            ],
        },
        "sua[cancel_order]ta",
    ),
    Published(
        "tau-bench",
        {
            "id": "sim-1", "task_id": "7", "trial": 0, "seed": 300, "termination_reason": "user_stop", "duration": 31.5, "policy": "Be brief.",
            "tools": [{"name": "get_line", "doc": "Find a line.", "params": {"type": "object", "properties": {"number": {"type": "string"}}}, "returns": {"type": "object"}}],
            "reward_info": {"reward": 1.0, "db_check": {"db_match": True, "db_reward": 1.0}},
            "messages": [
                {"role": "assistant", "content": "Hi! How can I help you today?", "tool_calls": None, "turn_idx": 0},
                {"role": "user", "content": "My line 555 is dead.", "tool_calls": None, "turn_idx": 1},
                {"role": "assistant", "content": None, "tool_calls": [{"id": "q1", "name": "get_line", "arguments": {"number": "555"}, "requestor": "assistant"}, {"id": "q2", "name": "get_line", "arguments": {"number": "556"}, "requestor": "assistant"}], "turn_idx": 2},
                {"role": "tool", "id": "q2", "content": "no such line", "requestor": "assistant", "error": True, "turn_idx": 3},
                {"role": "tool", "id": "q1", "content": "roaming off", "requestor": "assistant", "error": False, "turn_idx": 4},
                {"role": "assistant", "content": "Please switch roaming on.", "turn_idx": 5},
                {"role": "user", "content": None, "tool_calls": [{"id": "p1", "name": "toggle_roaming", "arguments": {}, "requestor": "user"}], "turn_idx": 6},
                {"role": "tool", "id": "p1", "content": "roaming on", "requestor": "user", "error": False, "turn_idx": 7},
                {"role": "user", "content": "It works now.", "turn_idx": 8},
                {"role": "assistant", "content": "I am glad.", "turn_idx": 9},
            ],
        },
        "saua[get_line,get_line]ttaua", drops={"returns": "a signature of tau2 names the type that it returns"},
    ),
    Published(
        "claude-code", {"events": CLAUDE_EVENTS}, "ua[Read,Bash]tta",
        drops={"sig-1": "a provider's proof", "m1": "joins the events of one message"},
    ),
    Published(
        "codex", {"events": CODEX_LINES}, "sua[shell]ta[apply_patch]ta",
        drops={"opaque": "encrypted reasoning", "agent_message": "counted; it repeats a message for the terminal", **{f"t{n}": "time of a line" for n in range(1, 12)}, "2026-01-01T00:00:00Z": "time of a line"},
    ),
    Published(
        "inspect",
        {
            "id": "q1", "epoch": 1, "input": "Which river runs by Lund?", "target": "The Ense", "metadata": {"level": "easy"},
            "messages": [
                {"id": "m0", "role": "user", "content": "Which river runs by Lund?", "source": "input"},
                {"id": "m1", "role": "assistant", "model": "m/i", "content": [{"type": "reasoning", "reasoning": "A map."}, {"type": "text", "text": "I look."}], "tool_calls": [{"id": "i1", "function": "search", "arguments": {"query": "Lund"}, "type": "function"}]},
                {"id": "m2", "role": "tool", "tool_call_id": "i1", "function": "search", "content": "", "error": {"type": "timeout", "message": "It took too long."}},
                {"id": "m3", "role": "assistant", "content": "The Ense."},
            ],
            "output": {"model": "m/i", "choices": []},
            "scores": {"match": {"value": "C", "answer": "The Ense", "explanation": "as the target"}},
        },
        "ua[search]ta",
        drops={"C": "becomes the verdict", "as the target": "explains the verdict", "timeout": "the kind of the tool's error"},
    ),
    Published(
        "verifiers",
        {"example_id": 3, "task": "rivers", "prompt": openai("Gast", "Moor")[:1], "completion": openai("Gast", "Moor")[1:], "answer": "The Moor", "reward": 1.0, "info": {"level": 2}, "generation_ms": 12.5},
        "ua[search]ta",
    ),
]  # fmt: skip
