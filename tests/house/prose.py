"""Reads the English out of the repository: docstrings, comments, messages, SQL comments and Markdown paragraphs.

Code spans in backticks, fenced code and URLs are left out. The prompts for models are data and are not read.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from tests.house.places import GUIDES, ROOMS, ROOT, files, name

DOCSTRING, COMMENT, MESSAGE, SQL_COMMENT, MARKDOWN = "docstring", "comment", "message", "sql comment", "markdown"
KINDS = (DOCSTRING, COMMENT, MESSAGE, SQL_COMMENT, MARKDOWN)

_CODE = re.compile(r"``[^`]*``|`[^`]*`|https?://\S+")
_WORD = re.compile(r"[A-Za-z][A-Za-z'-]*")
_PLAIN_WORD = re.compile(r"(?:^|\s)[(\"']?[A-Za-z][a-z']*(?=[\s,.;:)]|$)")
_TOOL_COMMENT = re.compile(r"#\s*(noqa|type:|pragma|fmt:|mypy|!)")
_SQL_COMMENT = re.compile(r"(?:^|(?<=\s))--\s+(.*)$")
_SQL_STRING = re.compile(r"'[^']*'")
_SQL_TAG = re.compile(r"-- (name:|SQLite|DuckDB)\s*\S*\s*$")


@dataclass(frozen=True)
class Passage:
    """A piece of English with its place: `line` is the 1-based line on which the piece starts."""

    path: str
    line: int
    kind: str
    text: str

    @cached_property
    def prose(self) -> str:
        """The text with code spans and URLs replaced by `_`; line breaks stay, so that lines can be counted."""
        return _CODE.sub(lambda span: "_" + "\n" * span[0].count("\n"), self.text)

    @cached_property
    def words(self) -> int:
        return len(_WORD.findall(self.prose))


def passages(rooms: tuple[str, ...] = ROOMS, guides: tuple[str, ...] = GUIDES) -> list[Passage]:
    """Returns all passages of the rooms and of the Markdown guides outside them, by kind of file and path."""
    found = [passage for path in files(".py", rooms) for passage in of_python(name(path), path.read_text("utf-8"))]
    found += [passage for path in files(".sql", rooms) for passage in of_sql(name(path), path.read_text("utf-8"))]
    pages = [path for path in files(".md", rooms) if "prompts" not in path.parts]
    pages += [ROOT / page for page in guides if (ROOT / page).is_file()]
    return found + [passage for path in pages for passage in of_markdown(name(path), path.read_text("utf-8"))]


def of_python(path: str, text: str) -> Iterator[Passage]:
    """Yields docstrings (attribute docstrings included), string literals of three words or more, and comments."""
    nodes = list(ast.walk(ast.parse(text)))
    docstrings = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    inner = {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in nodes:
        literal = _literal(node)
        if literal and id(node) not in inner and isinstance(node, ast.expr):
            if id(node) in docstrings:
                yield Passage(path, node.lineno, DOCSTRING, literal)
            elif len(_PLAIN_WORD.findall(literal)) >= 3:
                yield Passage(path, node.lineno, MESSAGE, literal)
    if "#" in text:  # the tokenizer takes most of the time
        yield from _comments(path, text)


def _literal(node: ast.AST) -> str:
    """The text of a string or f-string, with `_` for each replacement field; empty for any other node."""
    if isinstance(node, ast.JoinedStr):
        return "".join(_literal(part) or "_" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _comments(path: str, text: str) -> Iterator[Passage]:
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    lines = ((token.start[0], token.string) for token in tokens if token.type == tokenize.COMMENT)
    plain = ((line, string.lstrip("#: ")) for line, string in lines if not _TOOL_COMMENT.match(string))
    yield from _joined(path, COMMENT, plain)


def of_sql(path: str, text: str) -> Iterator[Passage]:
    """Yields the `--` comments, without `-- name:` tags; comments on consecutive lines are one passage."""
    numbered = enumerate(text.splitlines(), start=1)
    untagged = ((line, _SQL_STRING.sub("''", string)) for line, string in numbered if not _SQL_TAG.match(string))
    matches = ((line, _SQL_COMMENT.search(string)) for line, string in untagged)
    lines = ((-line if match.string[: match.start()].strip() else line, match[1]) for line, match in matches if match)
    yield from _joined(path, SQL_COMMENT, lines)


def of_markdown(path: str, text: str) -> Iterator[Passage]:
    """Yields each line outside fenced code, joined with its continuation lines."""
    fenced, plain = False, list[tuple[int, str]]()
    for line, string in enumerate(text.splitlines(), start=1):
        if string.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced and string.strip():
            starts_block = re.match(r"\s*([-*|#>]|\d+\.)", string)
            plain.append((line if not starts_block else -line, string))
    yield from _joined(path, MARKDOWN, plain)


def _joined(path: str, kind: str, lines: Iterable[tuple[int, str]]) -> Iterator[Passage]:
    """Joins text of consecutive lines into passages; a negative line number starts a new passage."""
    start, end, text = 0, -1, ""
    for line, string in lines:
        if line != end + 1:
            if text:
                yield Passage(path, start, kind, text)
            start, text = abs(line), string
        else:
            text += "\n" + string
        end = abs(line)
    if text:
        yield Passage(path, start, kind, text)
