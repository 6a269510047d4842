"""Writes out the raw replies behind pages, for whoever must see what a server really sent.

Each is verified against the digests that were taken when it was kept. One that cannot be read does not
hide the others.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from sources.archive.warc import Stored, WarcError, read_record
from warehouse.lake import Lake, LakeError

SUFFIXES = {"text/html": ".html", "application/xhtml+xml": ".xhtml", "text/plain": ".txt", "text/markdown": ".md"}


@dataclass(frozen=True)
class Told:
    """What is to be said of one page's raw reply."""

    said: str
    damaged: bool = False


def write_raw_replies(lake: Lake, pages: Iterable[Mapping[str, object]], folder: Path) -> Iterator[Told]:
    """Write each fetch's body and headers, once, to files named after the body's SHA-256.

    `pages` have url, fetched_at, detail, warc_file and warc_offset. Raises WarcError when the folder takes no files.
    """
    for page in {_fetch(page): page for page in pages}.values():
        url, file, offset = str(page["url"]), page["warc_file"], page["warc_offset"]
        if not isinstance(file, str) or not isinstance(offset, int):
            yield Told(f"{url}  -  {_why_none(page)}")
            continue
        try:
            stored = read_record(lake.raw(file), offset, url)
        except (WarcError, LakeError) as error:
            yield Told(str(error), damaged=True)
        else:
            path = _write(stored, folder)
            yield Told(f"{url}  {path}  {len(stored.body)} bytes, digest verified")


def _fetch(page: Mapping[str, object]) -> tuple[object, ...]:
    return page["url"], page["fetched_at"], page["warc_file"], page["warc_offset"]


def _why_none(page: Mapping[str, object]) -> str:
    if page["fetched_at"] is None:
        return "was not fetched by this lake's crawls"
    return str(page["detail"] or "no raw reply was kept (crawl.keep_raw was off, or it is a file of a folder)")


def _write(stored: Stored, folder: Path) -> Path:
    path = folder / (sha256(stored.body).hexdigest() + SUFFIXES.get(stored.media_type, ".bin"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in ((path.with_suffix(".http"), stored.head), (path, stored.body)):
            temporary = name.with_name(f".{name.name}.tmp")
            temporary.write_bytes(content)
            temporary.replace(name)
    except OSError as error:
        raise WarcError(f"cannot write {path}: {error}. Choose another folder.") from error
    return path
