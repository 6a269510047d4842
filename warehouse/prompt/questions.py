"""Reads the natural questions of `sql/questions`, which `factory sql` runs by their names."""

import re

from warehouse.connect import sql_files

_QUESTION = re.compile(r"^-- question: (.+)$", re.MULTILINE)


def questions() -> dict[str, tuple[str, str]]:
    """Name of a question -> the question in words and its SQL, from `sql/questions`."""
    return {name: (_QUESTION.findall(text)[0], text) for name, text in sql_files("questions").items()}


def query_text(text: str) -> str:
    """The SQL of a question if `text` is the name of one, else `text` itself."""
    return questions()[text.strip()][1] if text.strip() in questions() else text
