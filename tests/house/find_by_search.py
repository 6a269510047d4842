"""Full-text search over the repository, as a newcomer's code search would see it: path, opening sentence, README line.

A document is one Python module or SQL file of the code rooms. The ranking is tantivy's BM25 with English stemming.
`python -m tests.house.find_by_search "retry after 429"` prints the first ten files for a question.
"""

import ast
import re
import sys
from pathlib import Path

import tantivy

from tests.house.places import CODE_ROOMS, files, name

_SENTENCE_END = re.compile(r"(?<=[.!?:])\s|\n\s*\n")


class Search:
    """An in-memory index; equal scores are ordered by path, so that results do not depend on the run."""

    def __init__(self) -> None:
        schema = tantivy.SchemaBuilder()
        schema.add_text_field("path", stored=True, tokenizer_name="raw")
        schema.add_text_field("text", tokenizer_name="en_stem")
        self._index = tantivy.Index(schema.build())
        writer = self._index.writer(num_threads=1)
        for path in documents():
            writer.add_document(tantivy.Document(path=name(path), text=text_of(path)))
        writer.commit()
        self._index.reload()

    def ranked(self, question: str, limit: int = 20) -> list[str]:
        """Paths for a question, best first."""
        words = " ".join(_words(question))
        searcher = self._index.searcher()
        hits = searcher.search(self._index.parse_query(words, ["text"]), limit=limit).hits
        scored = sorted((-round(score, 6), searcher.doc(address)["path"][0]) for score, address in hits)
        return [path for _, path in scored]


def documents() -> list[Path]:
    """Modules and SQL files of the code rooms; packages' `__init__.py` only forward names and are left out."""
    return [path for path in files("", CODE_ROOMS) if path.suffix in {".py", ".sql"} and path.name != "__init__.py"]


def text_of(path: Path) -> str:
    """Path words, opening sentence and the README lines about the file, as one text."""
    return "\n".join([" ".join(_words(name(path).rpartition(".")[0])), opening(path), *readme_lines(path)])


def opening(path: Path) -> str:
    """The first sentence of a module docstring, or of a SQL file's comments."""
    text = path.read_text("utf-8")
    if path.suffix == ".py":
        return _SENTENCE_END.split(ast.get_docstring(ast.parse(text)) or "")[0]
    lines = text.splitlines()
    comments = lines[: next((i for i, line in enumerate(lines) if not line.startswith("--")), len(lines))]
    return " ".join(line.lstrip("- ") for line in comments)


def readme_lines(path: Path) -> list[str]:
    """The parts of the README in the file's folder or above it that name the file; ` · `, `;` and lines end a part."""
    found = list[str]()
    for folder in path.parents:
        readme = folder / "README.md"
        if name(folder) == ".":
            break
        if readme.is_file():
            items = re.split(r" · |; |\n(?=\s*[-|*#]|\n)", readme.read_text("utf-8"))
            found += [item for item in items if _mentions(item, path)]
    return found


def _mentions(text: str, path: Path) -> bool:
    spans = re.findall(r"`([^`]+)`", text)
    return any(re.search(rf"(?<![\w]){re.escape(path.name)}$", span) or span == path.stem for span in spans)


def _words(text: str) -> list[str]:
    return re.findall(r"[A-Za-z]+|\d+", text)


if __name__ == "__main__":
    print("\n".join(Search().ranked(" ".join(sys.argv[1:]), limit=10)))
