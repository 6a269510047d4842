"""A lake in a bucket: the same rows as on the disk, parts put whole, and a store that fails is no damage."""

import io
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from schemas import Trajectory, Turn
from tests.doubles.lakes.small_lake import make_small_lake, write_records
from tests.doubles.stores.faulty_s3 import faulty
from tests.doubles.stores.s3 import S3Server
from tests.warehouse.objects.conftest import NIGHT
from warehouse.connect import connect, rebuild_warehouse
from warehouse.console.progress import silent
from warehouse.integrity.lake_check import check_lake
from warehouse.integrity.losses import record_losses
from warehouse.integrity.repair import set_aside
from warehouse.lake import Lake, LakeError
from warehouse.objects import ObjectPath, place_of
from warehouse.objects.conditional_put import check_bucket
from warehouse.objects.errors import LakeUnreachable
from warehouse.query import run_checks, selected_ids

VIEWS = ("documents", "turns", "calls", "attempts", "fates", "funnel", "trajectory_stats")


@pytest.mark.slow
def test_every_view_has_the_rows_that_it_has_on_the_disk(lake: Lake, tmp_path: Path) -> None:
    """Figures that depend on where the parts lie cannot be compared."""
    local = Lake(tmp_path / "disk")
    write_records(local, NIGHT, make_small_lake(NIGHT, n_tasks=2))
    with connect(lake) as there, connect(local) as here:
        for view in VIEWS:
            text = f"select count(*), bit_xor(hash(columns(*)::varchar)) from {view}"
            assert there.sql(text).fetchall() == here.sql(text).fetchall(), view
        assert not {name: rows for name, rows in run_checks(there).items() if rows}
    assert len(selected_ids(lake, "from trajectories")) == 4
    assert not list((tmp_path / "local").rglob("*.parquet")), "the parts are on this machine too"


def test_an_open_connection_sees_the_parts_that_its_process_writes(lake: Lake) -> None:
    """A refine that reads what it had just written would decide on fewer rows."""
    with connect(lake) as con:
        before = con.sql("select count(*) from trajectories").fetchall()[0][0]
        write_records(lake, date(2026, 1, 2), make_small_lake(date(2026, 1, 2), n_tasks=1))
        assert con.sql("select count(*) from trajectories").fetchall()[0][0] == before + 2


def test_a_query_reads_nothing_outside_the_lake(lake: Lake, tmp_path: Path) -> None:
    """SQL of a stranger would read the rest of the bucket."""
    outside = [lake.root.parent / folder / "x" / "x.parquet" for folder in ("other", "nightly")]
    with connect(lake) as con:
        con.execute("set enable_external_access = false")
        for secret in outside:
            secret.write_bytes(lake.parts(Turn)[0].read_bytes())
            with pytest.raises(duckdb.Error):
                con.sql(f"from read_parquet('{secret}')").fetchall()


def test_a_part_that_is_written_again_is_sent_once(lake: Lake, quick: S3Server) -> None:
    """Repeated work after a kill would pay for every upload twice."""
    (part,) = lake.parts(Trajectory)
    assert isinstance(part, ObjectPath)
    before = quick.objects(part.bucket.name)
    part.write_bytes(part.read_bytes())
    assert quick.objects(part.bucket.name) == before


class Overtaken(io.BytesIO):
    """A body that another writer's put overtakes: it lands as soon as the body is read to be sent."""

    def __init__(self, content: bytes, other: Callable[[], object]) -> None:
        super().__init__(content)
        self.other = other

    def read(self, size: int | None = -1) -> bytes:
        self.other()
        return super().read(size)


def test_another_writer_of_the_same_part_is_not_overwritten(root: ObjectPath, quick: S3Server) -> None:
    """Two homes that write one lake would lose each other's rows unnoticed."""
    part, client = root / "turn" / "date=2026-01-01" / "2026-01-01-rollout-000000.parquet", quick.client()
    place = {"Bucket": root.bucket.name, "Key": part.object_key}
    with pytest.raises(LakeError, match="another process wrote"):
        part.put(Overtaken(b"ours", lambda: client.put_object(**place, Body=b"theirs")))
    assert part.read_bytes() == b"theirs"


def test_a_put_that_arrived_twice_is_one(root: ObjectPath) -> None:
    """A night would stop because the answer to a put was lost, though the part had arrived."""
    part = root / "turn" / "date=2026-01-01" / "2026-01-01-rollout-000000.parquet"
    part.put(Overtaken(b"ours", lambda: part.write_bytes(b"ours")))
    assert part.read_bytes() == b"ours"


@pytest.mark.slow
def test_a_damaged_part_is_named_found_and_set_aside(lake: Lake) -> None:
    """A flipped byte in the bucket would pass for rows."""
    (part,) = lake.parts(Turn)
    content = bytearray(part.read_bytes())
    content[len(content) // 2] ^= 255
    part.write_bytes(bytes(content))
    found = check_lake(lake, silent)
    assert [(fault.path, fault.code) for fault in found.faults] == [(part, "checksum")]
    done = set_aside(lake, found)
    assert {before.parent.parent.name for before, _ in done.moved} >= {"turn", "trajectory"}
    assert not lake.parts(Turn) and not lake.parts(Trajectory)
    assert list((lake.root / "damaged").glob("turn/*/*.parquet"))
    record_losses(lake, datetime.now(UTC).date())
    with connect(lake) as con:
        assert not {name: rows for name, rows in run_checks(con).items() if rows}
    assert not check_lake(lake, silent).faults


def test_a_part_that_is_gone_is_missed(lake: Lake) -> None:
    (part,) = lake.parts(Trajectory)
    part.unlink()
    assert [(fault.path, fault.code) for fault in check_lake(lake, silent).faults] == [(part, "missing")]


@pytest.mark.slow
def test_faults_of_the_store_change_no_row(lake: Lake, quick: S3Server, tmp_path: Path) -> None:
    """Throttling, resets and cut answers are daily bread of large stores."""
    with faulty(quick.endpoint, share=0.1, seed=3) as proxy:
        root = place_of(str(lake.root), proxy.endpoint, tmp_path / "faulty")
        shaky = Lake(root)
        day = date(2026, 1, 2)
        write_records(shaky, day, make_small_lake(day, n_tasks=2, seed=1))
        with connect(shaky) as con:
            rows = con.sql("select count(*), bit_xor(hash(columns(*)::varchar)) from turns").fetchall()
        assert sum(number for fault, number in proxy.seen.items() if fault != "ok") > 5
    with connect(lake) as con:
        assert con.sql("select count(*), bit_xor(hash(columns(*)::varchar)) from turns").fetchall() == rows
    assert not check_lake(lake, silent).faults


def test_a_store_that_is_away_is_no_damage(
    lake: Lake, quick: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A repair during an outage would set sound parts aside."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with faulty(quick.endpoint, share=0) as proxy:
        away = Lake(place_of(str(lake.root), proxy.endpoint, tmp_path / "away"))
        with connect(away) as con:
            assert con.sql("select count(*) from trajectories").fetchall() == [(4,)]
            part = away.parts(Turn)[0]
            proxy.share = 1.0
            with pytest.raises(LakeUnreachable, match=r"lake_endpoint_url|Wait a little"):
                part.read_bytes()
            with pytest.raises(LakeUnreachable, match="Nothing is lost"):
                check_lake(away, silent)
        with pytest.raises(LakeUnreachable, match="Nothing is lost"), connect(away) as con:
            con.sql("select count(content) from turns").fetchall()


def test_a_store_that_ignores_conditions_is_refused_before_a_night(root: ObjectPath, quick: S3Server) -> None:
    """Two homes that write one lake would overwrite each other's rows unnoticed."""
    check_bucket(root)
    assert not quick.objects(root.bucket.name)
    with faulty(quick.endpoint, share=0, ignores=frozenset({"if-none-match"})) as proxy:
        ignorant = place_of(str(root), proxy.endpoint, root.bucket.local)
        with pytest.raises(LakeError, match="ignores conditional puts"):
            check_bucket(ignorant)


def test_a_wrong_bucket_is_named(root: ObjectPath, quick: S3Server, tmp_path: Path) -> None:
    wrong = place_of("s3://no-such-bucket-here/lake", quick.endpoint, tmp_path)
    with pytest.raises(LakeError, match="no-such-bucket-here"), connect(Lake(wrong)):
        pass


def test_other_clients_find_the_views_and_their_addresses(lake: Lake, tmp_path: Path) -> None:
    """A DuckDB with httpfs reads a lake in S3 through the same file."""
    rebuild_warehouse(tmp_path / "warehouse.duckdb", lake)
    with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as con:
        [(text,)] = con.execute("select sql from duckdb_views() where view_name = 'turn_parts'").fetchall()
    assert lake.glob(Turn) in text


def test_numbers_of_parts_are_never_used_twice(lake: Lake) -> None:
    (part,) = lake.parts(Turn)
    name = lake.next_part(NIGHT, "rollout", Turn)
    assert name.seq > 0
    part.unlink()
    assert lake.next_part(NIGHT, "rollout", Turn) == name, "the number of a lost part is used again"
