"""`factory view` over HTTP: who may read the pages, which attempts they list, how they show them."""

import json
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest

from flows.view.guard import form_token
from flows.view.rendering import counted
from flows.view.selection import SelectionError, select
from tests.flows.view.viewed import client, pages, write_home
from warehouse.connect import connect
from warehouse.lake import Lake
from warehouse.query import QueryError


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake that tests only read."""
    made = Lake(tmp_path_factory.mktemp("view") / "lake")
    write_home(made)
    return made


def listed(text: str) -> set[str]:
    """The ids of the attempts on a page of the list."""
    return {piece.partition('"')[0] for piece in text.split('href="/attempts/')[1:]}


def test_without_token_cookie_or_right_host_nothing_is_shown(lake: Lake) -> None:
    """Another user of the machine, or a site in the same browser, would read every page of the lake."""
    with pages(lake) as server, client(server) as opened:
        stranger = httpx.Client(base_url=opened.base_url)
        for path in ("/", "/attempts/x", "/static/style.css", "/?token=", "/?token=wrong"):
            assert stranger.get(path).status_code == 401
        assert opened.get("/").status_code == 200
        for host in ("evil.example", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.evil.example"):
            assert opened.get("/", headers={"host": host}).status_code == 421
        assert opened.post("/audit", headers={"origin": "http://evil.example"}).status_code == 403
        assert opened.put("/").status_code == 405
        assert opened.post("/audit", content=b"x" * 200_000).status_code == 413


def test_the_token_becomes_a_strict_cookie_and_leaves_the_address(lake: Lake) -> None:
    """A token in the address bar ends in histories, bookmarks and screenshots."""
    with pages(lake) as server:
        entry = httpx.get(f"{server.address}&text=a")
        assert (entry.status_code, entry.headers["location"]) == (303, "/?text=a")
        cookie = entry.headers["set-cookie"].lower()
        assert "httponly" in cookie and "samesite=strict" in cookie
        assert "script" not in entry.headers["content-security-policy"]
        assert entry.headers["content-security-policy"].startswith("default-src 'none'")
        assert entry.headers["x-frame-options"] == "DENY"


def test_a_form_without_its_token_changes_nothing(lake: Lake, tmp_path: Path) -> None:
    """A page on another port of this machine is the same site to the browser, which sends the cookie along."""
    audit = tmp_path / "audit.csv"
    audit.write_text("trajectory_id,question,truth,answer,is_correct,note\nx,q,t,a,,\n")
    before = audit.read_bytes()
    with pages(lake, audit=audit) as server, client(server) as opened:
        for token in ("", "wrong", form_token("another token")):
            form = {"form_token": token, "trajectory_id": "x", "is_correct": "yes"}
            assert opened.post("/audit", data=form).status_code == 403
    assert audit.read_bytes() == before


def test_filters_search_and_order_select_attempts(lake: Lake) -> None:
    """A reader who filters must see every attempt that fits, and no other."""
    with connect(lake) as con:
        rows = con.execute(
            "select trajectory_id, fate, status, n_tokens from fates where status is not null"
        ).fetchall()
        said = con.execute("select trajectory_id, reasoning from turns where reasoning is not null").fetchall()
    word = next(text.split()[7] for _, text in said if not text.startswith("<"))
    with pages(lake) as server, client(server) as opened:

        def ids(**filters: str) -> set[str]:
            return listed(opened.get(f"/?{urlencode(filters)}").text)

        assert ids() == {row[0] for row in rows}
        assert ids(fate="rejected") == {row[0] for row in rows if row[1] == "rejected"}
        assert ids(status="aborted") == {row[0] for row in rows if row[2] == "aborted"}
        assert ids(text=rows[0][0][:10]) == {rows[0][0]}
        found = {id for id, text in said if word in text}
        assert found <= ids(text=word.upper(), place="turns")
        assert not ids(text="no such words", place="turns") and not ids(text=".*[a-z]", place="turns")
        for odd in ({"sort": "drop table"}, {"page": "-3"}, {"page": "9" * 30}, {"order": "1"}, {"fate": "' or 1=1"}):
            assert opened.get(f"/?{urlencode(odd)}").status_code == 200
        first = opened.get("/?sort=tokens").text
        largest = max(row[3] for row in rows)
        assert first.partition('href="/attempts/')[2][:32] in {row[0] for row in rows if row[3] == largest}


def test_numbers_agree_with_their_nouns() -> None:
    """The first line that a new user reads is "2 turns 1 call"."""
    numbers = [counted(number, "call") for number in (None, 0, 1, 2, 1_024)]
    assert numbers == ["- calls", "0 calls", "1 call", "2 calls", "1,024 calls"]


def test_an_attempt_shows_each_call_with_its_result_verdicts_gates_and_pages(lake: Lake) -> None:
    """A reader who must look a result up elsewhere stops reading."""
    with connect(lake) as con:
        [(id,)] = con.execute("select max(trajectory_id) from decisions where kept").fetchall()
        turns = con.execute("select tool, observation, tool_calls from turns where trajectory_id = ?", [id]).fetchall()
        pages_of = con.execute(
            "select distinct url from turns where url is not null and trajectory_id = ?", [id]
        ).fetchall()
    with pages(lake, id[:14]) as server, client(server) as opened:
        text = opened.get(f"/attempts/{id}").text
        blind = opened.get(f"/attempts/{id}?blind").text
        assert opened.get("/attempts/nothing").status_code == 404
    assert server.address.split("?")[0].endswith(f"/attempts/{id}")
    calls = [call for *_, made in turns if made for call in json.loads(made)]
    assert text.count('<details class="call') == len(calls)
    assert "no result" not in text
    for expected in ("exact_match", '<h2 id="gates">', *(url for (url,) in pages_of)):
        assert expected in text
    assert "exact_match" not in blind and ">truth<" not in blind


def test_the_argument_names_a_task_a_query_or_nothing(lake: Lake) -> None:
    """A query runs before the pages are served, so it must not be able to write or to read other files."""
    with connect(lake) as con:
        ids = [id for (id,) in con.execute("select trajectory_id from trajectories").fetchall()]
        task = con.execute("select task_id from trajectories group by 1 having count(*) = 2 limit 1").fetchall()[0][0]
        assert select(con, lake, None).ids is None
        assert select(con, lake, task[:20]).path == f"/tasks/{task}"
        assert sorted(select(con, lake, "from trajectories;").ids or ()) == sorted(ids)
        assert select(con, lake, "select trajectory_id from fates where false").ids == []
        for text in ("nothing", "select 1 as one", "from no_such_view", "from '/etc/passwd'"):
            with pytest.raises((SelectionError, QueryError)):
                select(con, lake, text)
        with pytest.raises(QueryError, match="refused"):
            select(con, lake, "copy trajectories to 'x.csv'")
    with pages(lake, "from trajectories limit 3") as server, client(server) as opened:
        assert len(listed(opened.get("/").text)) == 3
