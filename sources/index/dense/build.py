"""Builds the dense index of a library, and embeds only passages that no earlier index of the same model has.

Vectors are stored in parts as they are made, so a killed build goes on with the passages that are left. The whole index
is then renamed into place beside those of earlier libraries.
"""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tantivy

from sources.index.dense.dense_index import ADDRESSES, CODES, KEYS, SCALES
from sources.index.dense.embedder import EmbedderChoice, EmbedderError
from sources.index.dense.quantised import quantised
from sources.index.index_writer import is_intact, remove_index, write_sums

PART = 2_048
"""Passages per part: a kill loses the vectors of at most so many."""
PARTS = ".parts"
Keys = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Stored:
    """Vectors of an earlier index or of a part, by the keys of their texts in ascending order."""

    keys: Keys
    codes: npt.NDArray[np.int8]
    scales: npt.NDArray[np.float32]
    rows: npt.NDArray[np.int64]
    """Place of each key among codes and scales."""

    def places(self, keys: Keys) -> npt.NDArray[np.int64]:
        """The row of each key, -1 where there is none."""
        if not len(self.keys):
            return np.full(len(keys), -1)
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[at] == keys, self.rows[at], -1)


def build_dense(library: Path, folder: Path, choice: EmbedderChoice, note: Callable[[str], None]) -> Path:
    """The dense index of the library at that path, built below `folder` unless it is there and whole.

    Raises EmbedderError if texts cannot be embedded, OSError if the disk is full.
    """
    path = folder / choice.key / library.name
    if os.path.lexists(path) and not (is_intact(path) and (path / CODES).exists()):
        note("the dense index was damaged: it is built again")
        remove_index(path)
    if not path.exists():
        (path.parent / PARTS).mkdir(parents=True, exist_ok=True)
        passages = Passages(library)
        _embed_missing(path.parent, passages, choice, note)
        _write(path, passages, list(_stored(path.parent)))
        shutil.rmtree(path.parent / PARTS, ignore_errors=True)
    return path


class Passages:
    """The passages of an inverted index, in the order of their addresses: (segment, document)."""

    def __init__(self, library: Path) -> None:
        self._searcher = tantivy.Index.open(str(library)).searcher()
        found = [(key, address) for key, address in self._read()]
        self.keys: Keys = np.array([key for key, _ in found], dtype=np.uint64)
        self.addresses = np.array([address for _, address in found], dtype=np.uint32).reshape(-1, 2)

    def text(self, row: int) -> str:
        """The text of a passage as it is embedded, with the title of its page."""
        segment, document = self.addresses[row].tolist()
        return _text(self._searcher.doc(tantivy.DocAddress(segment, document)).to_dict()) or ""

    def _read(self) -> Iterator[tuple[int, tuple[int, int]]]:
        for segment in range(self._searcher.num_segments):
            for document, stored in enumerate(self._documents(segment)):
                text = _text(stored)
                if text is not None:
                    key = int.from_bytes(sha256(text.encode()).digest()[:8], "big")
                    yield key, (segment, document)

    def _documents(self, segment: int) -> Iterator[dict[str, Any]]:
        document = 0
        while True:
            try:
                stored = self._searcher.doc(tantivy.DocAddress(segment, document)).to_dict()
            except ValueError:
                return
            yield stored
            document += 1


def _text(stored: dict[str, Any]) -> str | None:
    if "passage" not in stored:
        return None
    title, passage = (bytes(stored[name][0]).decode() for name in ("title", "passage"))
    return f"{title}\n{passage}"


def _embed_missing(folder: Path, passages: Passages, choice: EmbedderChoice, note: Callable[[str], None]) -> None:
    """Store the vectors of all texts that have none yet, each text once."""
    missing = _missing(passages, list(_stored(folder)))
    if not len(missing):
        return
    embedder, done = choice.open(), 0
    for rows in _parts(missing.tolist()):
        made = quantised(embedder.passages([passages.text(row) for row in rows]))
        _store_part(folder / PARTS, passages.keys[rows], made.codes, made.scales)
        done += len(rows)
        note(f"{done:,} of {len(missing):,} new passages embedded")


def _missing(passages: Passages, stored: Iterable[Stored]) -> npt.NDArray[np.int64]:
    _, first = np.unique(passages.keys, return_index=True)
    rows = np.sort(first)
    for one in stored:
        rows = rows[one.places(passages.keys[rows]) < 0]
    return rows


def _parts(rows: list[int]) -> Iterator[list[int]]:
    left = iter(rows)
    yield from iter(lambda: list(islice(left, PART)), [])


def _store_part(folder: Path, keys: Keys, codes: npt.NDArray[np.int8], scales: npt.NDArray[np.float32]) -> None:
    name = f"{int(keys[0]):016x}"
    temporary = folder / f".{name}.{os.getpid()}.npz"
    np.savez(temporary, keys=keys, codes=codes, scales=scales)
    temporary.replace(folder / f"{name}.npz")


def _stored(folder: Path) -> Iterator[Stored]:
    """The vectors of whole indexes and of parts; damaged ones are left out, and their passages embedded again."""
    for path in sorted(folder.iterdir()):
        if path.name != PARTS and path.suffix != ".tmp" and is_intact(path) and (path / KEYS).exists():
            yield _sorted(np.load(path / KEYS), np.load(path / CODES, mmap_mode="r"), np.load(path / SCALES))
    for path in sorted((folder / PARTS).glob("[0-9a-f]*.npz")):
        try:
            with np.load(path) as part:
                yield _sorted(part["keys"], part["codes"], part["scales"])
        except (OSError, ValueError, KeyError):
            path.unlink()


def _sorted(keys: Keys, codes: npt.NDArray[np.int8], scales: npt.NDArray[np.float32]) -> Stored:
    rows = np.argsort(keys, kind="stable")
    return Stored(keys[rows], codes, scales, rows)


def _write(path: Path, passages: Passages, stored: list[Stored]) -> None:
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    try:
        _write_vectors(temporary, passages.keys, stored)
        np.save(temporary / ADDRESSES, passages.addresses)
        np.save(temporary / KEYS, passages.keys)
        write_sums(temporary)
        temporary.rename(path)
    except OSError:
        if not (path / CODES).exists():  # otherwise another process has finished an equal index first
            raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _write_vectors(folder: Path, keys: Keys, stored: list[Stored]) -> None:
    lengths = {one.codes.shape[1] for one in stored if len(one.keys)}
    if len(lengths) > 1:
        raise EmbedderError(
            f"the model's vectors had {min(lengths)} and {max(lengths)} numbers: name the new model otherwise in "
            f"environments.dense.model, or remove {folder.parent}"
        )
    shape = len(keys), max(lengths, default=1)
    codes = np.lib.format.open_memmap(folder / CODES, "w+", np.int8, shape) if len(keys) else np.zeros(shape, np.int8)
    scales = np.zeros(len(keys), np.float32)
    for one in stored:
        places = one.places(keys)
        for rows in _parts(np.flatnonzero(places >= 0).tolist()):
            codes[rows] = one.codes[places[rows]]
            scales[rows] = one.scales[places[rows]]
    if not len(keys):
        np.save(folder / CODES, codes)
    np.save(folder / SCALES, scales)
