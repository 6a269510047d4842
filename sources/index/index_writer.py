"""Writes a library: pages become passages in a tantivy inverted index, in a directory that is renamed into place.

The stored form of a passage is defined here; `library.py` only reads it.
"""

import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import tantivy

from schemas import sha256_file
from sources.index.passage_splitter import passages
from sources.index.scripts import indexed, lowercase_words

WRITER_BYTES = 64_000_000
"""Memory of the index writer in bytes; passages beyond it are flushed to disk."""
VERSION = "3"
"""Version of the stored form and of its words; an index of another version is not read, but built again."""
SUMS, META = "sha256.json", "meta.json"
"""The hash of every file of an index, and tantivy's list of its segments."""
ANALYZER = "stemmed"
LONGEST_WORD = 80
FIELDS = {"words": 1.0, "name": 0.5}
"""Searched fields and their weights: `words` is the passage, `name` the title of its page."""
STORED = ("doc_id", "url", "title", "passage", "text")


class Page(NamedTuple):
    """A page to index."""

    doc_id: str
    url: str
    title: str | None
    text: str
    aliases: Sequence[str] = ()
    """other addresses of the page"""


def write_index(path: Path, pages: Iterable[Page]) -> int:
    """Index the pages into a new directory and return their number. Raises OSError if the disk is full."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_stale(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    try:
        n = _write(temporary, pages)
        write_sums(temporary)
        _rename_into_place(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return n


def write_sums(path: Path) -> None:
    """Write the hash of every file of a finished index."""
    (path / SUMS).write_text(json.dumps({file.name: sha256_file(file) for file in _index_files(path)}))


def is_intact(path: Path) -> bool:
    """True if every file of an index has the bytes that were written; true for an index of before SUMS existed."""
    if not os.path.lexists(path / SUMS):
        return (path / META).is_file()
    try:
        sums = json.loads((path / SUMS).read_bytes())
        return dict(sums) == {file.name: sha256_file(file) for file in _index_files(path)}
    except (OSError, ValueError, TypeError):
        return False


def remove_index(path: Path) -> None:
    """Remove an index, or a file or link in its place: it is built again from the pages. Raises OSError."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _index_files(path: Path) -> list[Path]:
    """The files that readers of an index open: all but the hash file and tantivy's locks."""
    return sorted(file for file in path.iterdir() if file.suffix != ".lock" and file.name != SUMS)


def url_key(url: str) -> str:
    """Return the index key of an address, without scheme, fragment and final slash."""
    bare = re.sub(r"^[a-z][a-z0-9+.-]*:/*", "", url.strip().strip("<>\"'()[]").lower()).split("#")[0]
    return "url:" + bare.rstrip("/")


def tail_key(url: str) -> str:
    """Return the index key of an address's last path segment, without its file suffix."""
    tail = url_key(url).rsplit("/", 1)[-1].removeprefix("url:")
    return "tail:" + re.sub(r"\.(?:html?|md|txt)$", "", tail)


def title_key(title: str) -> str:
    """Return the index key of a title, in lower-case words."""
    return "title:" + lowercase_words(title)


def clean(text: str) -> str:
    """Replace lone surrogates, which UTF-8 cannot encode."""
    return text.encode("utf-8", "replace").decode()


def _write(path: Path, pages: Iterable[Page]) -> int:
    index = tantivy.Index(_schema(), str(path))
    index.register_tokenizer(ANALYZER, analyzer())
    writer = index.writer(WRITER_BYTES, 1)
    n = 0
    for page in pages:
        for document in _documents(page):
            writer.add_document(document)
        n += 1
    writer.commit()
    writer.wait_merging_threads()
    return n


def _schema() -> Any:
    builder = tantivy.SchemaBuilder()
    for name in ("kind", "key"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in FIELDS:
        builder.add_text_field(name, tokenizer_name=ANALYZER, index_option="freq")
    for name in STORED:
        builder.add_bytes_field(name, stored=True)
    return builder.build()


def analyzer() -> Any:
    """Build the tokenizer of `indexed` and `queried` text: lower case without accents, English stems.

    Words over LONGEST_WORD bytes are left out.
    """
    words = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple()).filter(tantivy.Filter.remove_long(LONGEST_WORD))
    plain = words.filter(tantivy.Filter.lowercase()).filter(tantivy.Filter.ascii_fold())
    return plain.filter(tantivy.Filter.stemmer("english")).build()


def _documents(page: Page) -> Iterator[Any]:
    doc_id, url, title, text = (clean(value or "") for value in page[:4])
    page = Page(doc_id, url, title, text, page.aliases)
    title = page.title or page.url
    stored = {"doc_id": page.doc_id.encode(), "url": page.url.encode(), "title": title.encode()}
    yield tantivy.Document(kind="page", key=_keys(page), text=page.text.encode(), **stored)
    for passage in passages(page.text):
        text = passage.text
        yield tantivy.Document(words=indexed(text), name=indexed(title), passage=text.encode(), **stored)


def _keys(page: Page) -> list[str]:
    others = (url_key(clean(alias)) for alias in page.aliases)
    keys = (url_key(page.url), title_key(page.title or ""), tail_key(page.url), *others)
    return [key for key in dict.fromkeys(keys) if not key.endswith(":")]


def _rename_into_place(temporary: Path, path: Path) -> None:
    try:
        temporary.rename(path)
    except OSError:
        if not (path / META).exists():  # otherwise another process has finished an equal index first
            raise


def _remove_stale(path: Path) -> None:
    """Remove the temporary directories of killed builders."""
    for stale in path.parent.glob(f".{path.name}.*.tmp"):
        if not _alive(int(stale.name.split(".")[-2])):
            shutil.rmtree(stale, ignore_errors=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
