"""Renders each released conversation in the student's own token ids, with a loss mask that is checked.

The teacher's ids belong to another vocabulary. The student's are made once, here, where the mask can be checked
against the messages: masked tokens belong to trainable messages, and everything that such a message holds is
masked, its reasoning included. A template without reasoning cannot render rows that have it.

Only the template writes control tokens: around messages, reasoning and tool calls of the row. The same text within
content, reasoning, names, arguments, schemas or observations stays text. A control token that the teacher sampled
in a wrong place is still in `token_ids`; the message holds its text, and the student's ids spell that text.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from flows.publish.errors import StudentError
from flows.tokenizing.literal_tokenizer import LiteralTokenizer
from flows.tokenizing.renderer_choice import RendererError, open_renderer
from schemas import sha256_text
from schemas.release import Student

THREADS = 2
Message = dict[str, Any]


class StudentColumns:
    """Fills the student columns of released rows with the tokenizer and the renderer of one student."""

    def __init__(self, folder: Path, renderer: str) -> None:
        """Load the tokenizer in `folder`; `renderer` is a name, or auto. Raises StudentError."""
        self._tokenizer = _tokenizer(folder)
        self._literal = LiteralTokenizer(self._tokenizer)
        self._renderer = _renderer(self._literal, renderer)
        template = getattr(self._tokenizer, "chat_template", None) or ""
        self.identity = Student(
            tokenizer=folder.name,
            renderer=f"{self._renderer.config.name} (renderers {version('renderers')})",
            template_sha256=sha256_text(f"{template}\x00{self._renderer.config.model_dump_json()}"),
            vocabulary_sha256=self._literal.vocabulary_sha256(),
        )

    def fill(self, rows: pa.Table) -> pa.Table:
        """The rows with student_token_ids, student_loss_mask and n_student_tokens; raises StudentError."""
        conversations = rows.select(["trajectory_id", "messages", "tools"]).to_pylist()
        with ThreadPoolExecutor(THREADS) as threads:
            rendered = list(threads.map(self._tokens_and_mask, conversations))
        columns = {
            "student_token_ids": [ids for ids, _ in rendered],
            "student_loss_mask": [mask for _, mask in rendered],
            "n_student_tokens": [len(ids) for ids, _ in rendered],
        }
        for name, values in columns.items():
            at = rows.schema.get_field_index(name)
            rows = rows.set_column(at, rows.schema.field(name), pa.array(values, rows.schema.field(name).type))
        return rows

    def _tokens_and_mask(self, row: Message) -> tuple[list[int], list[bool]]:
        messages = [self._message(message) for message in row["messages"]]
        tools = [_tool(self._guarded(tool)) for tool in json.loads(row["tools"])]
        rendered = self._rendered(row["trajectory_id"], messages, tools)
        ids, mask, owners = list(rendered.token_ids), list(rendered.sampled_mask), list(rendered.message_indices)
        if len(mask) != len(ids) or not any(mask):
            raise StudentError(f"{self.identity.renderer} gives no loss mask: set publish.student_renderer to another")
        self._check(row, (ids, mask, owners))
        return ids, [masked and row["messages"][owner]["trainable"] for masked, owner in zip(mask, owners, strict=True)]

    def _rendered(self, name: str, messages: list[Message], tools: list[Message]) -> Any:
        try:
            return self._renderer.render(messages, tools=tools)
        except Exception as error:  # renderers raise the errors of their libraries
            raise StudentError(
                f"{self.identity.renderer} cannot write {name}: {error}. Take that row out (`factory release withdraw "
                f"{name}`, then refine), or publish for a student whose template can write it"
            ) from error

    def _check(self, row: Message, rendered: tuple[list[int], list[bool], list[int]]) -> None:
        """Raise StudentError unless the mask covers the whole text of every assistant message, and nothing else."""
        of_message: list[list[int]] = [[] for _ in row["messages"]]
        for token, masked, owner in zip(*rendered, strict=True):
            if masked:
                of_message[owner].append(token)
        for number, (message, masked_ids) in enumerate(zip(row["messages"], of_message, strict=True)):
            agent = message["role"] == "assistant"
            masked_text = self._decode(masked_ids)
            if masked_ids and not (agent or message["trainable"]):
                raise self._wrong_mask(row, number)
            if agent and not all(self._occurs(text.strip(), masked_text) for text in _trained_texts(message)):
                raise self._wrong_mask(row, number)
            if agent and not self._occurs((message["reasoning_content"] or "").strip(), masked_text):
                raise self._lost_reasoning(row, number)

    def _occurs(self, text: str, decoded: str) -> bool:
        """True if the text occurs: plain, JSON-escaped, or normalised by the tokenizer (many compose accents, NFC)."""
        forms = (text, json.dumps(text, ensure_ascii=False)[1:-1])
        return any(form in decoded for form in forms) or any(self._normalised(form) in decoded for form in forms)

    def _normalised(self, text: str) -> str:
        return self._decode(self._literal.encode(self._literal.guard(text), add_special_tokens=False))

    def _decode(self, ids: list[int]) -> str:
        return str(self._tokenizer.decode(ids, clean_up_tokenization_spaces=False)) if ids else ""

    def _wrong_mask(self, row: Message, number: int) -> StudentError:
        role, name = row["messages"][number]["role"], self.identity.renderer
        return StudentError(
            f"message {number} ({role}) of {row['trajectory_id']} is masked wrongly by {name}: "
            "set publish.student_renderer to the student's own family"
        )

    def _lost_reasoning(self, row: Message, number: int) -> StudentError:
        return StudentError(
            f"the reasoning of message {number} of {row['trajectory_id']} is missing from the text that "
            f"{self.identity.renderer} renders: the student would learn to act without it. Publish for a student whose "
            "template holds reasoning; or without publish.student, and the trainers' views hold it as text"
        )

    def _message(self, message: Message) -> Message:
        row: Message = {"role": message["role"], "content": self._literal.guard(message["content"] or "")}
        if message["reasoning_content"]:
            row["reasoning_content"] = self._literal.guard(message["reasoning_content"])
        if calls := _calls(message):
            row["tool_calls"] = [
                {
                    "id": self._guarded(call["id"]),
                    "type": "function",
                    "function": {
                        "name": self._guarded(call["name"]),
                        "arguments": self._guarded(_mapping(call["arguments"])),
                    },
                }
                for call in calls
            ]
        return row | {key: self._guarded(message[key]) for key in ("tool_call_id", "name") if message[key]}

    def _guarded(self, value: Any) -> Any:
        """A JSON value with every string guarded, keys included: renderers write strings without escapes."""
        if isinstance(value, str):
            return self._literal.guard(value)
        if isinstance(value, list):
            return [self._guarded(one) for one in value]
        if isinstance(value, dict):
            return {self._guarded(key): self._guarded(one) for key, one in value.items()}
        return value


def mark_over_window(rows: pa.Table, window: int) -> pa.Table:
    """The rows with `over_window` true if they have more than `window` tokens, the student's if there is a student."""
    lengths = pc.coalesce(rows["n_student_tokens"], rows["n_tokens"])
    at = rows.schema.get_field_index("over_window")
    return rows.set_column(at, rows.schema.field("over_window"), pc.greater(lengths, window))


def _calls(message: Message) -> list[Message]:
    calls: list[Message] = json.loads(message["tool_calls"]) if message["tool_calls"] else []
    return calls


def _trained_texts(message: Message) -> list[str]:
    """The texts that the masked ids of an assistant message must spell: its content and its calls' arguments."""
    return [message["content"] or "", *_texts([call["arguments"] for call in _calls(message)])]


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return _texts(list(value.values()))
    if isinstance(value, list):
        return [text for one in value for text in _texts(one)]
    return [value] if isinstance(value, str) else []


def _mapping(arguments: Any) -> Any:
    """JSON text parsed to a mapping if it is valid: a renderer would otherwise parse escapes after the guard."""
    try:
        return json.loads(arguments) if isinstance(arguments, str) else arguments
    except ValueError:
        return arguments


def _tool(tool: Message) -> Message:
    return tool if "function" in tool else {"type": "function", "function": tool}


def _renderer(tokenizer: LiteralTokenizer, name: str) -> Any:
    try:
        renderer = open_renderer(tokenizer, name, "student")
        tokenizer.fit(renderer)
    except (RendererError, ValueError) as error:
        raise StudentError(str(error)) from error
    return renderer


def _tokenizer(folder: Path) -> Any:
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError) as error:
        raise StudentError(f"publish.student = {folder}: no tokenizer can be loaded from there ({error})") from error
