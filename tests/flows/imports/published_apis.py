"""One row per format of an API or a framework, with the structure that its documentation describes, in our own words."""

# ruff: noqa: E501 (a message is easier to read on one line)
import json

from tests.flows.imports.published import PARAMETERS, SEARCH, Published, Row, called

FLAT = {"type": "function", **SEARCH["function"]}  # type: ignore[dict-item]
KINDS = dict.fromkeys(("completed", "tool_call"), "a status or kind that every such item has")
UPPER = {"type": "OBJECT", "properties": {"query": {"type": "STRING"}}, "required": ["query"]}
LANGCHAIN_CALLS = [{"name": "search", "args": {"query": "Orm"}, "id": "c1", "type": "tool_call"}]
CHATML = """<|im_start|>system
You may call functions. <tools>
{"type": "function", "function": {"name": "search", "description": "Find pages.", "parameters": {}}}
</tools><|im_end|>
<|im_start|>user
Which river runs by Vell?<|im_end|>
<|im_start|>assistant
<think>
Two maps help.
</think>

<tool_call>
{"name": "search", "arguments": {"query": "Vell"}}
</tool_call>
<tool_call>
{"name": "search", "arguments": {"query": "river"}}
</tool_call><|im_end|>
<|im_start|>user
<tool_response>
Vell lies low.
</tool_response>
<tool_response>
The Orm.
</tool_response><|im_end|>
<|im_start|>assistant
The Orm, then.<|im_end|>
"""

API_ROWS = [
    Published(
        "smolagents",
        {
            "task": "Which river runs by Vell?", "state": "success", "output": "The Orm",
            "steps": [
                {"system_prompt": "You write code.", "task": None},
                {"task": "Which river runs by Vell?"},
                {"plan": "First look at a map.", "timing": {"duration": 2.5}},
                {"step_number": 1, "model_output": "Thought: a map helps.\n<code>\nprint(search('Vell'))\n</code>", "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "python_interpreter", "arguments": "print(search('Vell'))"}}], "observations": "Execution logs: Orm", "error": None, "is_final_answer": False},
                {"step_number": 2, "model_output": "Thought: clear.\n```py\nfinal_answer(river)\n```", "tool_calls": [{"id": "c2", "type": "function", "function": {"name": "python_interpreter", "arguments": "final_answer(river)"}}], "observations": None, "error": {"type": "NameError", "message": "river is unset"}, "action_output": "The Orm", "is_final_answer": True},
            ],
        },
        "sua" + "a[python_interpreter]ta[python_interpreter]t", "The Orm",
        drops={"NameError": "the class of an error whose message is kept", "code": "a tag around a program", "Thought: clear.\n```py\nfinal_answer(river)\n```": "its program is the call's"},
    ),
    Published(
        "responses",
        {
            "id": "resp_1", "model": "gpt-x", "instructions": "You help.", "tools": [FLAT, {"type": "web_search"}],
            "input": [
                {"role": "user", "content": "Which river runs by Vell?"},
                {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "Two maps help."}], "encrypted_content": "opaque"},
                {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "search", "arguments": '{"query": "Vell"}', "status": "completed"},
                {"type": "function_call", "id": "fc_2", "call_id": "c2", "name": "search", "arguments": '{"query": "river"}', "status": "completed"},
                {"type": "function_call_output", "call_id": "c2", "output": "The Orm."},
                {"type": "function_call_output", "call_id": "c1", "output": [{"type": "input_text", "text": "Vell lies low."}]},
                {"type": "item_reference", "id": "ref_1"},
            ],
            "output": [
                {"type": "code_interpreter_call", "id": "ci_1", "code": "print(6 * 7)", "outputs": [{"type": "logs", "logs": "42"}]},
                {"type": "mcp_call", "id": "mcp_1", "name": "depth_of", "server_label": "rivers", "arguments": '{"river": "Orm"}', "output": "nine metres"},
                {"type": "message", "id": "m1", "role": "assistant", "status": "completed", "content": [{"type": "output_text", "text": "The Orm, then.", "annotations": []}]},
            ],
        },
        "sua[search,search]tta[code_interpreter]ta[depth_of]ta",
        drops=KINDS | {"fc_2": "an id that no result refers to", "fc_1": "an id that no result refers to", "code_interpreter_call": "the tool's name", "logs": "a kind of output", "mcp_call": "a kind"},
    ),
    Published(
        "gemini",
        {
            "request": {
                "systemInstruction": {"parts": [{"text": "You help."}]},
                "contents": [
                    {"role": "user", "parts": [{"text": "Which river runs by Vell?"}, {"inlineData": {"mimeType": "image/png", "data": "iVBORw0K"}}]},
                    {"role": "model", "parts": [{"text": "Two maps help.", "thought": True}, {"functionCall": {"name": "search", "args": {"query": "Vell"}}, "thoughtSignature": "sig-1"}, {"functionCall": {"name": "depth_of", "args": {"river": "Orm"}}}]},
                    {"role": "user", "parts": [{"functionResponse": {"name": "depth_of", "response": {"error": "no gauge"}}}, {"functionResponse": {"name": "search", "response": {"pages": ["The Orm."]}}}]},
                    {"role": "model", "parts": [{"executableCode": {"language": "PYTHON", "code": "print(6 * 7)"}}, {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "42"}}]},
                ],
                "tools": [{"functionDeclarations": [{"name": "search", "description": "Find pages.", "parameters": UPPER}]}],
            },
            "response": {"candidates": [{"content": {"role": "model", "parts": [{"text": "The Orm, then."}]}, "finishReason": "STOP"}], "modelVersion": "gemini-x"},
        },
        "sua[search,depth_of]tta[code_execution]ta",
        drops={"image/png": "an image", "iVBORw0K": "an image", "sig-1": "a signature", "model": "a role", "OBJECT": "a type, written in small letters", "STRING": "a type, written in small letters", "error": "the mark of a failed call"},
    ),
    Published(
        "bedrock",
        {
            "modelId": "anthropic.claude-x", "system": [{"text": "You help."}, {"cachePoint": {"type": "default"}}],
            "messages": [
                {"role": "user", "content": [{"text": "Which river runs by Vell?"}]},
                {"role": "assistant", "content": [{"reasoningContent": {"reasoningText": {"text": "Two maps help.", "signature": "sig-1"}}}, {"text": "I look."}, {"toolUse": {"toolUseId": "t1", "name": "search", "input": {"query": "Vell"}}}, {"toolUse": {"toolUseId": "t2", "name": "search", "input": {"query": "river"}}}]},
                {"role": "user", "content": [{"toolResult": {"toolUseId": "t1", "content": [{"json": {"pages": 2}}], "status": "success"}}, {"toolResult": {"toolUseId": "t2", "content": [{"text": "No network."}], "status": "error"}}]},
            ],
            "toolConfig": {"tools": [{"toolSpec": {"name": "search", "description": "Find pages.", "inputSchema": {"json": PARAMETERS}}}]},
            "output": {"message": {"role": "assistant", "content": [{"citationsContent": {"content": [{"text": "The Orm, then."}]}}]}},
        },
        "sua[search,search]tta",
        drops={"sig-1": "a signature", "default": "a mark of the provider's prompt cache", "success": "the usual status", "error": "the mark of a failed call"},
    ),
    Published(
        "langchain",
        {
            "messages": [
                {"type": "system", "content": "You help.", "id": "s1"},
                {"type": "human", "content": [{"type": "text", "text": "Which river runs by Vell?"}], "additional_kwargs": {}},
                {"type": "ai", "content": [{"type": "text", "text": "I look."}, {"type": "tool_use", "id": "c1", "name": "search", "input": {"query": "Orm"}}], "additional_kwargs": {"reasoning_content": "Two maps help."}, "tool_calls": LANGCHAIN_CALLS, "invalid_tool_calls": [], "response_metadata": {"model_name": "claude-x"}, "usage_metadata": {"input_tokens": 31}},
                {"type": "tool", "content": "The Orm.", "name": "search", "tool_call_id": "c1", "status": "success", "artifact": {"pages": ["p9"]}},
                {"type": "ai", "content": "The Orm, then.", "tool_calls": []},
            ],
        },
        "sua[search]ta",
        drops=KINDS | {"success": "the usual status"},
    ),
    Published(
        "ai-sdk",
        {
            "id": "chat-1",
            "messages": [
                {"id": "m1", "role": "user", "parts": [{"type": "text", "text": "Which river runs by Vell?"}, {"type": "file", "mediaType": "image/png", "url": "https://pics.example/vell.png"}]},
                {"id": "m2", "role": "assistant", "metadata": {"model": "gpt-x"}, "parts": [
                    {"type": "step-start"}, {"type": "reasoning", "text": "Two maps help.", "state": "done"},
                    {"type": "tool-search", "toolCallId": "c1", "state": "output-available", "input": {"query": "Vell"}, "output": {"pages": 2}},
                    {"type": "dynamic-tool", "toolName": "depth_of", "toolCallId": "c2", "state": "output-error", "input": {"river": "Orm"}, "errorText": "no gauge"},
                    {"type": "step-start"}, {"type": "source-url", "sourceId": "w1", "url": "https://rivers.example/orm"}, {"type": "text", "text": "The Orm, then.", "state": "done"},
                ]},
            ],
        },
        "ua[search,depth_of]tta",
        drops={"https://pics.example/vell.png": "an image", "image/png": "an image", "file": "an image", **dict.fromkeys(("step-start", "dynamic-tool", "tool-search", "output-available", "output-error", "done"), "a kind or state of a part")},
    ),
    Published(
        "pydantic-ai",
        {
            "messages": [
                {"kind": "request", "instructions": "You help.", "parts": [{"part_kind": "user-prompt", "content": ["Which river runs by Vell?", {"kind": "image-url", "url": "https://pics.example/vell.png"}], "timestamp": "2026-01-01T00:00:00Z"}]},
                {"kind": "response", "model_name": "gpt-x", "usage": {"input_tokens": 31}, "parts": [{"part_kind": "thinking", "content": "Two maps help."}, {"part_kind": "tool-call", "tool_name": "search", "args": '{"query": "Vell"}', "tool_call_id": "c1"}, {"part_kind": "tool-call", "tool_name": "depth_of", "args": {"river": "Orm"}, "tool_call_id": "c2"}]},
                {"kind": "request", "parts": [{"part_kind": "tool-return", "tool_name": "search", "content": {"pages": 2}, "tool_call_id": "c1"}, {"part_kind": "retry-prompt", "tool_name": "depth_of", "content": "no gauge", "tool_call_id": "c2"}]},
                {"kind": "response", "parts": [{"part_kind": "text", "content": "The Orm, then."}]},
            ],
        },
        "sua[search,depth_of]tta",
        drops={"https://pics.example/vell.png": "an image", "2026-01-01T00:00:00Z": "time of a part", **dict.fromkeys(("request", "response", "user-prompt", "image-url", "tool-call", "tool-return", "retry-prompt"), "a kind")},
    ),
    Published(
        "opentelemetry",
        {
            "name": "chat gpt-x",
            "attributes": {
                "gen_ai.request.model": "gpt-x", "gen_ai.usage.input_tokens": 31,
                "gen_ai.system_instructions": json.dumps([{"type": "text", "content": "You help."}]),
                "gen_ai.tool.definitions": json.dumps([FLAT]),
                "gen_ai.input.messages": json.dumps([
                    {"role": "user", "parts": [{"type": "text", "content": "Which river runs by Vell?"}]},
                    {"role": "assistant", "parts": [{"type": "reasoning", "content": "Two maps help."}, {"type": "tool_call", "id": "c1", "name": "search", "arguments": {"query": "Vell"}}]},
                    {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": {"pages": 2}}]},
                ]),
                "gen_ai.output.messages": json.dumps([{"role": "assistant", "parts": [{"type": "text", "content": "The Orm, then."}], "finish_reason": "stop"}]),
            },
        },
        "sua[search]ta",
        drops=KINDS | {"tool_call_response": "a kind"},
    ),
    Published("rendered", {"text": CHATML, "source": "maps"}, "sua[search,search]tta"),
]  # fmt: skip


def model_messages() -> Row:
    """The conversation as the AI SDK sends it to a model."""
    return {
        "system": "You help.",
        "messages": [
            {"role": "user", "content": "Which river?"},
            {"role": "assistant", "content": [{"type": "text", "text": "I look."}, {"type": "tool-call", "toolCallId": "c1", "toolName": "search", "input": {"query": "Vell"}}]},
            {"role": "tool", "content": [{"type": "tool-result", "toolCallId": "c1", "toolName": "search", "output": {"type": "json", "value": {"pages": 2}}}]},
            {"role": "assistant", "content": [{"type": "text", "text": "The Orm."}]},
        ],
    }  # fmt: skip


def older_chat() -> Row:
    """A chat of version 4 of the AI SDK, whose calls stand beside the text."""
    invocation = {
        "state": "result",
        "step": 0,
        "toolCallId": "c1",
        "toolName": "search",
        "args": {"query": "Vell"},
        "result": "Orm",
    }
    return {
        "messages": [
            {"id": "m1", "role": "user", "content": "Which river?"},
            {"id": "m2", "role": "assistant", "content": "The Orm.", "toolInvocations": [invocation]},
        ]
    }


def constructors() -> Row:
    """A saved state of LangGraph: the constructors of its messages, one call's arguments broken."""
    path = ["langchain", "schema", "messages"]
    broken = {"name": "search", "args": '{"query": ', "id": "c0", "error": "no JSON", "type": "invalid_tool_call"}
    return {
        "outputs": {
            "messages": [
                {"lc": 1, "type": "constructor", "id": [*path, "HumanMessage"], "kwargs": {"content": "Which river?", "type": "human"}},
                {"lc": 1, "type": "constructor", "id": [*path, "AIMessageChunk"], "kwargs": {"content": "", "invalid_tool_calls": [broken]}},
                {"lc": 1, "type": "constructor", "id": [*path, "ToolMessage"], "kwargs": {"content": "invalid arguments", "tool_call_id": "c0", "status": "error"}},
                {"lc": 1, "type": "constructor", "id": [*path, "AIMessage"], "kwargs": {"content": "", "additional_kwargs": {"tool_calls": [called("c1", query="Vell")]}}},
                {"lc": 1, "type": "constructor", "id": [*path, "ToolMessage"], "kwargs": {"content": "Orm", "tool_call_id": "c1"}},
                {"lc": 1, "type": "constructor", "id": [*path, "AIMessage"], "kwargs": {"content": "The Orm."}},
            ]
        }
    }  # fmt: skip


WRITTEN = {
    "Llama 3": (
        "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nYou help.<|eot_id|>"
        "<|start_header_id|>user<|end_header_id|>\n\nWhich river?<|eot_id|>"
        '<|start_header_id|>assistant<|end_header_id|>\n\n<|python_tag|>{"name": "search", "parameters": {"query": "Vell"}}<|eom_id|>'
        "<|start_header_id|>ipython<|end_header_id|>\n\nOrm<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\nThe Orm.<|eot_id|>",
        "sua[search]ta",
    ),
    "Gemma": (
        "<bos><start_of_turn>user\nWhich river?<end_of_turn>\n<start_of_turn>model\nThe Orm.<end_of_turn>\n",
        "ua",
    ),
    "Zephyr": (
        "<|system|>\nYou help.</s>\n<|user|>\nWhich river?</s>\n<|assistant|>\nThe Orm.</s>\n",
        "sua",
    ),
    "Harmony": (
        "<|start|>system<|message|>You are a model.<|end|><|start|>developer<|message|># Instructions\nHelp.<|end|>"
        "<|start|>user<|message|>Which river?<|end|>"
        "<|start|>assistant<|channel|>analysis<|message|>A map helps.<|end|>"
        '<|start|>assistant<|channel|>commentary to=functions.search <|constrain|>json<|message|>{"query": "Vell"}<|call|>'
        "<|start|>functions.search to=assistant<|channel|>commentary<|message|>Orm<|end|>"
        "<|start|>assistant to=python<|channel|>analysis<|message|>print(6 * 7)<|call|>"
        "<|start|>python to=assistant<|channel|>analysis<|message|>42<|end|>"
        "<|start|>assistant<|channel|>final<|message|>The Orm.<|return|>",
        "ssua[search]ta[python]ta",
    ),
}
"""Family -> a conversation as its template writes it, and its shape."""
