"""The Parquet source: each row of a data set's files becomes a document.

Files are read by row groups, and of them only the columns that the settings name.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import Any

from pydantic import BaseModel

from sources.collections.collection import Entry, Refused, refused_entry
from sources.collections.config import SourceConfig
from sources.collections.files import StoredFile, find_files
from sources.collections.source import CollectionSource
from sources.crawl_run import CrawlRun
from sources.parquet.rows import FIELDS, Mapped
from sources.status_codes import Status

BATCH_ROWS = 128


class ParquetConfig(SourceConfig):
    """The files to read, and what their columns hold."""

    paths: tuple[str, ...]
    columns: Mapping[str, str] = {}
    format: str = "text"


def configured(crawl: object, section: BaseModel) -> CollectionSource:
    """Build the source from an entry of `[[crawl.sources]]`."""
    config = ParquetConfig.of(section, crawl)
    return CollectionSource(config, partial(_find, config))


def _find(config: ParquetConfig) -> list["ParquetPages"]:
    files = find_files(config.paths, (".parquet",), "crawl.sources.paths")
    return [ParquetPages(file, config) for file in files]


@dataclass(frozen=True)
class ParquetPages:
    """The rows of one file."""

    file: StoredFile
    config: ParquetConfig
    is_complete: bool = True

    @property
    def url(self) -> str:
        """The address of the file."""
        return self.file.url

    async def version(self, run: CrawlRun) -> str | None:
        """Size and time of the last change of the file, and the columns that are read."""
        return f"{self.file.present_version()} {self.config.format} {sorted(self.config.columns.items())}"

    async def entries(self, run: CrawlRun, known_version: str | None) -> AsyncIterator[Entry]:
        """Yield every row; a damaged row group is one entry with the reason."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        with self.file.open() as stream:
            try:
                file = pq.ParquetFile(stream)
                mapped = self._mapped(file.schema_arrow.names)
            except (pa.ArrowInvalid, OSError) as error:
                raise Refused(Status.DAMAGED, f"not a readable Parquet file: {error}") from error
            for group in range(file.num_row_groups):
                try:
                    for row in self._rows(file, group, mapped):
                        yield mapped.entry(row)
                except (pa.ArrowException, OSError) as error:
                    place = f"{self.url}#row-group={group}"
                    rows = file.metadata.row_group(group).num_rows
                    yield refused_entry(place, Status.DAMAGED, f"row group {group} of up to {rows} rows: {error}")

    def count(self) -> int | None:
        """Return the number of rows; None if the file cannot be read."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            with self.file.open() as stream:
                return int(pq.read_metadata(stream).num_rows)
        except (pa.ArrowException, OSError, Refused):
            return None

    def _rows(self, file: Any, group: int, mapped: Mapped) -> Any:
        columns = list(dict.fromkeys(mapped.columns.values()))
        for batch in file.iter_batches(BATCH_ROWS, row_groups=[group], columns=columns, use_threads=False):
            yield from batch.to_pylist()

    def _mapped(self, names: list[str]) -> Mapped:
        """Return the mapping, by default columns with the names of the fields. Raises Refused if one does not exist."""
        missing = [column for column in self.config.columns.values() if column not in names]
        columns = {field: field for field in FIELDS if field in names} | dict(self.config.columns)
        if missing or "text" not in columns:
            wanted = missing[0] if missing else "text"
            detail = f"no column {wanted!r}; the file has: {', '.join(names[:40])}. Set crawl.sources.columns"
            raise Refused(Status.UNREADABLE, detail)
        return Mapped(columns, self.config.format, self.config.max_bytes, self._home())

    def _home(self) -> str:
        """Return the address of the data set: the folder of the file, so that it is the same for all its files."""
        scheme, separator, path = self.url.partition("://")
        return f"{scheme}{separator}{PurePosixPath(path).parent}"
