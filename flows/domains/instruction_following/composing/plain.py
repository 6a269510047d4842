"""Texts of writers that know no requirement: a constraint that one of them satisfies is vacuous, and is left out."""

import re
from collections.abc import Callable, Mapping, Sequence

from flows.domains.instruction_following.families.delivery import Delivery
from flows.domains.instruction_following.world.environment import MAX_FILE_CHARS

LOREM = (
    "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore et dolore "
    "magna aliqua. Ut enim ad minim veniam, quis nostrud exercitation ullamco laboris nisi ut aliquip ex ea commodo."
)
Writer = Callable[[str, Mapping[str, str]], str]


def summary(instruction: str, texts: Mapping[str, str]) -> str:
    """The first sentence of each document."""
    parts = [f"{name} says: {_first_sentence(text)}" for name, text in texts.items()]
    return "# Summary\n\n" + "\n\n".join(parts)


def markdown(instruction: str, texts: Mapping[str, str]) -> str:
    """The usual shape of an answer: overview, key points, conclusion."""
    points = "\n".join(f"- **{name}**: {_first_sentence(text)}" for name, text in texts.items())
    return (
        f"# Report\n\nDate: today\n\n## Overview\n\n{LOREM}\n\nThe documents are summarised below.\n\n"
        f"## Key points\n\n{points}\n\n## Conclusion\n\nAll in all, the documents agree.\n"
    )


def copied(instruction: str, texts: Mapping[str, str]) -> str:
    """All documents, one after the other, as far as a file can be written."""
    return "# Copy\n\n" + "\n\n".join(texts.values())


def first_document(instruction: str, texts: Mapping[str, str]) -> str:
    """The first document unchanged."""
    return next(iter(texts.values()), "")


def lorem(instruction: str, texts: Mapping[str, str]) -> str:
    """Prose without meaning, in four sections."""
    return "# Lorem\n\n" + "\n\n".join(f"## Section {number}\n\n{LOREM}" for number in range(1, 5))


def echo(instruction: str, texts: Mapping[str, str]) -> str:
    """The task itself."""
    return instruction


PLAIN: Mapping[str, Writer] = {
    "summary": summary, "markdown": markdown, "copied": copied, "first_document": first_document, "lorem": lorem,
    "echo": echo,
}  # fmt: skip


def plain_deliveries(instruction: str, texts: Mapping[str, str], names: Sequence[str]) -> list[Delivery]:
    """The delivery of each plain writer: the same text in every file, and as the final message."""
    written = [write(instruction, texts)[:MAX_FILE_CHARS] for write in PLAIN.values()]
    return [Delivery(dict.fromkeys(names, text), text) for text in written]


def _first_sentence(text: str) -> str:
    body = " ".join(line for line in text.splitlines() if line and not line.startswith("#"))
    return re.split(r"(?<=[.!?]) ", body, maxsplit=1)[0]
