"""A project: several studies of different families, whose data come from one instrument."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flows.domains.scientific_agentic.families import FAMILIES, Family
from flows.domains.scientific_agentic.families.family import table_file
from flows.domains.scientific_agentic.families.instrument import STANDARDS, instrument, stream

STANDARDS_FILE = "STANDARDS.csv"
KEPT = 4
"""Sets of data that stay in memory, some 20 MB each: those of one task, which all of its attempts and trials read."""


@dataclass(frozen=True)
class Project:
    """The studies of a project, by the folder of their data, and the seed of their instrument."""

    instrument: int
    studies: Mapping[str, str]
    """Folder -> name of its family."""

    @classmethod
    def of(cls, setup: Mapping[str, Any]) -> "Project":
        """The project of a setup."""
        return cls(int(setup["instrument"]), dict(setup["studies"]))

    def families(self) -> dict[str, Family]:
        """Folder -> its family."""
        return {folder: FAMILIES[name] for folder, name in self.studies.items()}

    def drawn(self, seed: int) -> tuple[dict[str, bytes], dict[str, dict[str, float]]]:
        """Files below the data's folder, and the planted values of each study, of one set of data."""
        files, truth = dict[str, bytes](), dict[str, dict[str, float]]()
        tool = instrument(self.instrument)
        for folder, family in self.families().items():
            made = family.make(stream(seed, folder, family.name), tool)
            files |= {f"{folder}/{name}": data for name, data in made.files.items()}
            truth[folder] = {key: float(value) for key, value in made.truth.items()}
        return files, truth

    def files(self, seed: int) -> Mapping[str, bytes]:
        """The files of one set of data, drawn once for worlds and examinations that follow each other."""
        return _files(self.instrument, tuple(self.studies.items()), seed)


@lru_cache(maxsize=KEPT)
def _files(instrument_seed: int, studies: tuple[tuple[str, str], ...], seed: int) -> Mapping[str, bytes]:
    return Project(instrument_seed, dict(studies)).drawn(seed)[0]


def standards_file() -> bytes:
    """The names and true values of the standards."""
    names: Sequence[str] = [f"standard-{at}" for at in range(len(STANDARDS))]
    return table_file({"sample": names, "true_value": STANDARDS})


def digest_of(files: Mapping[str, bytes]) -> str:
    """Hash of names and contents, by which a world notices that its data are drawn otherwise than the task's."""
    total = hashlib.sha256()
    for name in sorted(files):
        total.update(f"{name}\0{len(files[name])}\0".encode() + files[name])
    return total.hexdigest()
