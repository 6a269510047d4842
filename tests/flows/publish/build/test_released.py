"""Worker processes make the rows of a release that one process makes."""

from pathlib import Path

import pyarrow as pa
import pytest

from flows.publish.build.bucket_rows import scatter
from flows.publish.build.released import FEWEST_BUCKETS, ROWS, buckets_of, opened_rows
from flows.publish.build.split import select_trajectories
from flows.publish.build.student import Filled, StudentColumns
from flows.settings import Settings
from tests.doubles.teachers import tiny_tokenizer as tiny
from tests.flows.publish.test_publish import kept_lake, settings_of
from warehouse.connect import connect
from warehouse.lake import Lake


@pytest.mark.slow
def test_processes_make_the_rows_of_one_process(tmp_path: Path) -> None:
    """Student tokens that depend on the number of cores would make another release on each machine."""
    student = tiny.save(tmp_path / "student")
    settings = settings_of(tmp_path, student=student, student_renderer="qwen3")
    kept_lake(settings, n_tasks=5)
    alone, few = made(settings, student, tmp_path / "alone", 2**30)
    spread, many = made(settings, student, tmp_path / "spread", 1)
    assert few < FEWEST_BUCKETS["local"] <= many
    assert spread == alone
    assert (tmp_path / "spread" / ROWS).is_dir()


def made(settings: Settings, student: Path, folder: Path, bucket_bytes: int) -> tuple[tuple[pa.Table, Filled], int]:
    """The rows of both splits with the student's counts, and the number of buckets."""
    folder.mkdir()
    lake, columns = Lake(settings.lake), StudentColumns(student, settings.publish.student_renderer)
    with connect(lake) as con:
        selection = select_trajectories(con, settings.publish, bucket_bytes)
        assert selection
        scatter(con, lake, selection, folder)
    buckets = [one for split in ("train", "validation") for one in buckets_of(selection, split, folder)]
    with opened_rows(settings, columns, buckets) as rows_of:
        rows = pa.concat_tables(rows_of(buckets)).combine_chunks()
    return (rows, columns.filled), len(buckets)
