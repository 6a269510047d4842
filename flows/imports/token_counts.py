"""Counts the tokens of imported messages, if the settings name a tokenizer.

A published text does not record the tokens that its model saw, so the counts are of the text alone, without the marks
of a chat template: they serve statistics and budgets, and `token_ids` stays empty.
"""

from collections.abc import Callable, Sequence
from typing import Any

from flows.imports.formats.conversation import Message
from flows.imports.reading.rows import ImportFailed
from flows.imports.to_turns import to_json
from flows.settings import Settings

Count = Callable[[Sequence[Message]], list[int]]
"""Number of tokens of each message: content, reasoning and calls."""


def open_count(settings: Settings) -> Count | None:
    """The counter of publish.student, else of teacher.tokenizer; None if neither is set. Raises ImportFailed."""
    chosen = settings.publish.student or settings.teacher.tokenizer
    if chosen is None:
        return None
    tokenizer = _load(str(chosen))
    return lambda messages: _counted(tokenizer, messages)


def _counted(tokenizer: Any, messages: Sequence[Message]) -> list[int]:
    texts = [_text(message) for message in messages]
    return [len(ids) for ids in tokenizer(texts, add_special_tokens=False)["input_ids"]] if texts else []


def _text(message: Message) -> str:
    calls = [to_json({"name": call.name, "arguments": call.arguments}, "bad_arguments") for call in message.calls]
    return "\n".join(part for part in (message.reasoning, message.content, *calls) if part)


def _load(name: str) -> Any:
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(name)
    except (OSError, ValueError) as error:
        raise ImportFailed(
            f"the tokenizer {name} cannot be loaded ({error}): set publish.student or teacher.tokenizer to its folder, "
            "or to nothing to import without token counts."
        ) from error
