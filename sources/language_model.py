"""The statistics of languages that py3langid ships, unpacked once into files that every process maps into memory.

The library unpacks 68 MB anew at each start: half a second of CPU time, in which a crawl's workers would wait.
"""

from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

import numpy as np

CACHE = Path("~/.cache/horizon-factory/languages")
"""Folder of the unpacked statistics, one sub-folder for each version of the library."""
PARTS = ("scores", "priors", "languages", "transitions", "rows", "features")


def load_identifier() -> Any:
    """Return a new identifier of py3langid for all its languages, which states probabilities from 0 to 1."""
    from py3langid.langid import LanguageIdentifier

    scores, priors, languages, transitions, rows, features = _mapped(_unpacked())
    return LanguageIdentifier(
        scores, priors, languages.tolist(), memoryview(transitions), features.tolist(), norm_probs=True,
        tk_row=memoryview(rows),
    )  # fmt: skip


def _mapped(folder: Path | None) -> list[Any]:
    if folder is None:
        return _shipped()
    return [np.asarray(np.load(folder / f"{part}.npy", mmap_mode="r")) for part in PARTS]


def _shipped() -> list[Any]:
    from py3langid.langid import MODEL_DIR, MODEL_FILE
    from py3langid.modelio import load_model

    return [np.asarray(part) for part in load_model(MODEL_DIR / MODEL_FILE)]


def _unpacked() -> Path | None:
    """The folder of this version's statistics, written if it is not there; None where nothing can be written."""
    folder = CACHE.expanduser() / version("py3langid")
    if folder.is_dir():
        return folder
    with suppress(OSError):
        folder.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(mkdtemp(dir=folder.parent))
        try:
            for name, part in zip(PARTS, _shipped(), strict=True):
                np.save(unfinished / f"{name}.npy", part)
            with suppress(OSError):  # another process was first
                unfinished.rename(folder)
        finally:
            rmtree(unfinished, ignore_errors=True)
    return folder if folder.is_dir() else None
