"""Checks the WARC files of raw responses: every response that a document points to is read, with its digests.

A damaged file is moved to the lake's folder of damaged files, from where its intact responses are still read.
"""

from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from flows.commands.integrity.state_files import StateFault
from flows.retention.record import RAW, removed_paths
from schemas import Document
from sources.archive.warc import RecordLocation, WarcError, read_record
from warehouse.integrity.lake_check import LakeReport
from warehouse.lake import DAMAGED, Lake, LakeError
from warehouse.part_faults import open_part

COLUMNS = ["url", "warc_file", "warc_offset"]


def raw_faults(lake: Lake, found: LakeReport, state: Path) -> Iterator[StateFault]:
    """Every WARC file with a response that cannot be read, by the sound parts of documents; reads each response.

    Files that a prune removed are no fault.
    """
    pruned = removed_paths(state, RAW)
    unreadable: Counter[str] = Counter()
    for path in (path for model, path in found.sound if model is Document):
        with open_part(path) as part:
            for batch in part.iter_batches(columns=COLUMNS):
                rows = zip(*batch.to_pydict().values(), strict=True)
                unreadable.update(name for url, name, at in rows if name and not _is_readable(lake, name, at, url))
    for name, count in sorted(unreadable.items()):
        if not _is_aside(lake, name) and str(lake.local.absolute() / name) not in pruned:
            phrase = f"{count} of its raw responses cannot be read; the pages keep their text, the rest is still read"
            yield StateFault(lake.local / name, "raw", phrase, partial(_set_aside, lake, name))


def _is_readable(lake: Lake, name: str, offset: int, url: str) -> bool:
    try:
        read_record(lake.raw, RecordLocation(name, offset), url)
    except (WarcError, LakeError):
        return False
    return True


def _is_aside(lake: Lake, name: str) -> bool:
    place = lake.local / DAMAGED / name
    return not (lake.local / name).exists() and (place.exists() or _note(place).exists())


def _set_aside(lake: Lake, name: str) -> None:
    place = lake.local / DAMAGED / name
    place.parent.mkdir(parents=True, exist_ok=True)
    if (lake.local / name).exists():
        (lake.local / name).rename(place)
    else:
        _note(place).touch()


def _note(place: Path) -> Path:
    """The mark of a file that is gone."""
    return place.with_name(f"{place.name}.missing")
