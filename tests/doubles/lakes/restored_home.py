"""A home that several tests start from: each gets it as it was when it was made, in the same folder.

Releases are recorded by their absolute path, so a copy elsewhere would be another home.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class RestoredHome:
    """The folder of a complete home, with a copy beside it."""

    folder: Path

    def __post_init__(self) -> None:
        shutil.copytree(self.folder, self._copy, symlinks=True)

    @property
    def _copy(self) -> Path:
        return self.folder.with_name(f"{self.folder.name}-copy")

    def restored(self) -> Path:
        """The folder, with the files of the copy and no others."""
        shutil.rmtree(self.folder)
        shutil.copytree(self._copy, self.folder, symlinks=True)
        return self.folder
