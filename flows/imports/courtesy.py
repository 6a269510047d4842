"""Recognises user messages that only greet, ask for help in general, or nudge: they fix no problem.

Simulated users open many unrelated dialogues with the same words. `courtesies.txt` lists the words of such openings in
the languages that published sets are mostly written in, then those of scripts without spaces between words. A message
of other words counts as a question.
"""

import re
import unicodedata
from importlib.resources import files

ACTED = re.compile(
    r"\s*(?:\W*observations?\b|\W*(?:execution|tool|function|command)[\s_-]*(?:results?|outputs?|response)\b"
    r"|<(?:tool_response|function_results?|output|returncode|observation)\b)",
    re.IGNORECASE,
)
"""Start of a tool's result that a set gives to the agent in a user message."""
ENOUGH = 3
"""Words besides courtesies from which on a text is taken for a whole problem."""


def _plain(text: str) -> str:
    """The text without accents and case."""
    bare = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    return "".join(one for one in bare if not unicodedata.combining(one))


WORD = re.compile(r"[^\W_]+")
LISTS = files("flows.imports").joinpath("courtesies.txt").read_text("utf-8").split("\n\n")
COURTESY = frozenset(WORD.findall(_plain(LISTS[0])))
PHRASES = re.compile("|".join(map(re.escape, sorted(_plain(LISTS[1]).split(), key=len, reverse=True))))
LETTER = re.compile("[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")


def asks(text: str) -> int:
    """Number of words of a text that are no courtesies; in scripts without spaces, a third of the letters left."""
    plain = _plain(text[:2_000])
    rest = PHRASES.sub(" ", plain) if LETTER.search(plain) else plain
    words = [word for word in WORD.findall(rest) if word not in COURTESY]
    return sum(max(1, len(LETTER.findall(word)) // 3) for word in words)


def is_result(text: str) -> bool:
    """True if a user message holds the result of an action."""
    return bool(ACTED.match(text[:200]))
