"""Writes the raw responses behind pages to files, so that a reader can see the bytes that a server sent.

Each is verified against the digests taken when it was stored. An unreadable one is reported, and the others
are still written.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from sources.archive.warc import RecordLocation, StoredResponse, WarcError, read_record
from warehouse.lake import Lake, LakeError

SUFFIXES = {"text/html": ".html", "application/xhtml+xml": ".xhtml", "text/plain": ".txt", "text/markdown": ".md"}


@dataclass(frozen=True)
class ResponseReport:
    """One line about one page's raw response, for the terminal."""

    line: str
    damaged: bool = False


def write_raw_responses(
    lake: Lake, pages: Iterable[Mapping[str, object]], folder: Path, removed: Mapping[str, str]
) -> Iterator[ResponseReport]:
    """Write body and headers of each fetch, once, to files named after the body's SHA-256; yield a line for each.

    `pages` have url, fetched_at, detail, warc_file and warc_offset; `removed` maps files that retention removed to the
    day of it. Raises WarcError if the folder is not writable.
    """
    for page in {_fetch_key(page): page for page in pages}.values():
        url, file, offset = str(page["url"]), page["warc_file"], page["warc_offset"]
        if not isinstance(file, str) or not isinstance(offset, int):
            yield ResponseReport(f"{url}  -  {_reason_for_none(page)}")
            continue
        if day := removed.get(str(lake.local.absolute() / file)):
            yield ResponseReport(f"{url}  -  its raw responses were removed on {day} ([retention] raw_days)")
            continue
        try:
            stored = read_record(lake.raw, RecordLocation(file, offset), url)
        except (WarcError, LakeError) as error:
            yield ResponseReport(str(error), damaged=True)
        else:
            path = _write(stored, folder)
            yield ResponseReport(f"{url}  {path}  {len(stored.body)} bytes, digest verified")


def _fetch_key(page: Mapping[str, object]) -> tuple[object, ...]:
    return page["url"], page["fetched_at"], page["warc_file"], page["warc_offset"]


def _reason_for_none(page: Mapping[str, object]) -> str:
    if page["fetched_at"] is None:
        return "was not fetched by this lake's crawls"
    return str(page["detail"] or "no raw response was stored (crawl.keep_raw was off, or it is a file of a folder)")


def _write(stored: StoredResponse, folder: Path) -> Path:
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
