"""The dense index: pages found by meaning, nothing embedded twice, and rankings that are the same everywhere."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.blocklist import Blocklist
from sources.index.dense.build import PARTS, build_dense
from sources.index.dense.dense_index import CODES, DenseIndex
from sources.index.dense.embedder import EmbedderChoice, EmbedderError
from sources.index.dense.fusion import DEPTH, fused
from sources.index.dense.quantised import quantised, similarities
from sources.index.library import Hit, Library, Page
from tests.doubles.embedding_server import EmbeddingServer, embedding_server

TOPICS = {
    "surgery": "The doctor opened the small practice behind the market hall in spring.",
    "garage": "A car stood in the yard, its wheels gone and its doors rusted.",
    "harbour": "The sea came over the wall, and the boats broke from their ropes.",
    "forge": "Fire took the roof first, then the bellows and the store of coal.",
}


def page(name: str, text: str) -> Page:
    return Page(f"id-{name}", f"http://example.org/{name}", name.title(), text)


def pages(n_others: int = 60) -> list[Page]:
    others = [
        page(f"other{n}", f"Number {n} of the list tells of stones, paper and weather {n % 7}.")
        for n in range(n_others)
    ]
    return [*(page(*one) for one in TOPICS.items()), *others]


@pytest.fixture
def server() -> Iterator[EmbeddingServer]:
    with embedding_server() as running:
        yield running


@pytest.fixture
def built(tmp_path: Path) -> Path:
    Library.build(tmp_path / "library" / "one", pages())
    return tmp_path / "library" / "one"


def choice(server: EmbeddingServer, **given: object) -> EmbedderChoice:
    return EmbedderChoice(**({"engine": "server", "url": server.url, "model": "m", "batch": 8} | given))  # type: ignore[arg-type]


def opened(library: Path, folder: Path, chosen: EmbedderChoice, blocked: Blocklist | None = None) -> Library:
    path = build_dense(library, folder, chosen, lambda note: None)
    return Library.open(library, blocked or Blocklist(()), DenseIndex.open(path, chosen))


def test_a_page_is_found_by_words_that_it_does_not_hold(built: Path, tmp_path: Path, server: EmbeddingServer) -> None:
    """A search for a physician must find the doctor; by words alone it finds nothing."""
    plain, dense = Library.open(built), opened(built, tmp_path / "dense", choice(server))
    assert plain.search("physician") == []
    assert dense.search("physician", 1)[0].title == "Surgery"
    assert dense.search("automobile", 1)[0].title == "Garage"
    assert dense.results("ocean", 2).hits[0].title == "Harbour"
    assert dense.best_passage("physician") is not None
    assert plain.search("roof")[0].url == dense.search("roof")[0].url, "the page with the word stays first"
    assert dense.search("?!") == []


def test_a_blocked_page_is_not_found_by_meaning_either(built: Path, tmp_path: Path, server: EmbeddingServer) -> None:
    dense = opened(built, tmp_path / "dense", choice(server), Blocklist(["example.org/surgery"]))
    assert "Surgery" not in {hit.title for hit in dense.search("physician", 70)}


def test_pages_of_results_have_each_page_of_the_library_once(
    built: Path, tmp_path: Path, server: EmbeddingServer
) -> None:
    """An agent that turns pages would else read one page twice and miss another."""
    dense = opened(built, tmp_path / "dense", choice(server))
    shown = [hit.url for number in range(1, 20) for hit in dense.results("stones and weather", 5, number).hits]
    assert len(shown) == len(set(shown)) >= 60
    assert dense.results("stones and weather", 5, 1).more


def test_only_new_passages_are_embedded(tmp_path: Path, server: EmbeddingServer) -> None:
    """A night that embedded the whole corpus again would cost hours of a GPU."""
    chosen, folder = choice(server), tmp_path / "dense"
    one, two = tmp_path / "library" / "one", tmp_path / "library" / "two"
    Library.build(one, pages())
    opened(one, folder, chosen)
    assert len(server.texts) == 64
    Library.build(two, [*pages()[1:], page("late", "The medic came late."), page("new", "The blaze was out.")])
    server.texts.clear()
    dense = opened(two, folder, chosen)
    assert sorted(server.texts) == ["Late\nThe medic came late.", "New\nThe blaze was out."]
    assert dense.search("physician", 1)[0].title == "Late"
    server.texts.clear()
    opened(two, folder, chosen)
    assert server.texts == []


def test_a_damaged_index_is_built_again_without_the_server(
    built: Path, tmp_path: Path, server: EmbeddingServer
) -> None:
    chosen, notes = choice(server), list[str]()
    path = build_dense(built, tmp_path / "dense", chosen, notes.append)
    codes = (path / CODES).read_bytes()
    (path / CODES).write_bytes(codes[:-9] + b"\x07" * 9)
    build_dense(built, tmp_path / "dense", chosen, notes.append)
    assert any("damaged" in note for note in notes)
    assert (path / CODES).read_bytes() == codes


@pytest.mark.parametrize(("failures", "status"), [(2, 503), (1, 429)])
def test_a_server_that_is_busy_is_asked_again(
    built: Path, tmp_path: Path, server: EmbeddingServer, failures: int, status: int
) -> None:
    server.failures, server.status = failures, status
    assert opened(built, tmp_path / "dense", choice(server, parallel=1)).search("physician", 1)[0].title == "Surgery"


def test_faults_of_a_server_name_it_and_the_setting(
    built: Path, tmp_path: Path, server: EmbeddingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A night that searched without meaning for once would make other tasks than the next one."""
    monkeypatch.setenv("EMBEDDING_KEY", "abc")
    server.failures, server.status = 99, 401
    with pytest.raises(EmbedderError, match=r"embeds nothing \(status 401: .*environments.dense"):
        opened(built, tmp_path / "dense", choice(server, key_variable="EMBEDDING_KEY"))
    assert server.keys[0] == "Bearer abc"
    server.failures, server.broken = 0, True
    with pytest.raises(EmbedderError, match="another form"):
        opened(built, tmp_path / "dense", choice(server))


def test_a_model_of_another_length_under_the_same_name_is_refused(tmp_path: Path, server: EmbeddingServer) -> None:
    chosen = choice(server)
    Library.build(tmp_path / "library" / "one", pages())
    opened(tmp_path / "library" / "one", tmp_path / "dense", chosen)
    server.dimensions = 32
    Library.build(tmp_path / "library" / "two", [*pages(), page("new", "A new one.")])
    with pytest.raises(EmbedderError, match="name the new model otherwise"):
        opened(tmp_path / "library" / "two", tmp_path / "dense", chosen)


KILLED = """
import sys
from pathlib import Path
from sources.index.dense import build
from sources.index.dense.embedder import EmbedderChoice
build.PART = 8
build.build_dense(Path(sys.argv[1]), Path(sys.argv[2]), EmbedderChoice("server", sys.argv[3], "m", batch=8), print)
"""


@pytest.mark.slow
def test_a_killed_build_goes_on_with_the_passages_that_are_left(
    built: Path, tmp_path: Path, server: EmbeddingServer
) -> None:
    chosen = choice(server)
    whole = build_dense(built, tmp_path / "whole", chosen, lambda note: None)
    server.texts.clear()
    folder = tmp_path / "dense"
    child = subprocess.Popen([sys.executable, "-c", KILLED, built, folder, server.url], stdout=subprocess.PIPE)
    parts = folder / chosen.key / PARTS
    while len(list(parts.glob("[0-9a-f]*.npz")) if parts.exists() else []) < 2:
        assert child.poll() is None
        time.sleep(0.01)
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    kept = 8 * len(list(parts.glob("[0-9a-f]*.npz")))
    server.texts.clear()
    path = build_dense(built, folder, chosen, lambda note: None)
    assert len(server.texts) == 64 - kept
    assert (path / CODES).read_bytes() == (whole / CODES).read_bytes()


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 1_500), st.integers(0, 2**32 - 1))
def test_cosines_are_near_and_do_not_depend_on_the_order_of_sums(dimensions: int, seed: int) -> None:
    """Rankings that differ between machines would make other tasks of the same pages."""
    dice = np.random.default_rng(seed)
    vectors = dice.normal(size=(20, dimensions)).astype(np.float32)
    vectors[3] = 0
    made = quantised(vectors)
    found = similarities(quantised(vectors[:1]), made.codes, made.scales)
    order = dice.permutation(dimensions)
    mixed = quantised(vectors[:, order])
    assert np.array_equal(found, similarities(quantised(vectors[:1, order]), mixed.codes, mixed.scales))
    lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(vectors[0])
    exact = np.divide(vectors @ vectors[0], lengths, out=np.zeros(20, np.float32), where=lengths > 0)
    assert np.abs(found - exact).max() < 0.04


@given(st.lists(st.integers(0, 80), unique=True), st.lists(st.integers(0, 80), unique=True))
def test_a_fused_ranking_has_every_page_once_and_agreement_first(words: list[int], meaning: list[int]) -> None:
    by_words, by_meaning = ([[Hit("", f"{n}", "", f"p{n}", 1.0)] for n in one] for one in (words, meaning))
    found = [hits[0].url for hits in fused(by_words, by_meaning)]
    assert len(found) == len(set(found))
    assert set(found) == {str(n) for n in (*words, *meaning[:DEPTH])}
    if words and meaning and words[0] == meaning[0]:
        assert found[0] == str(words[0])
    longer = [*by_words, [Hit("", "last", "", "", 0.0)]]
    if len(words) >= DEPTH:
        assert [hits[0].url for hits in fused(longer, by_meaning)][:DEPTH] == found[:DEPTH]


def test_the_packaged_model_finds_related_words(tmp_path: Path) -> None:
    """The model in the extra `dense` must load without a network, from its wheel."""
    Library.build(tmp_path / "library" / "one", pages())
    dense = opened(tmp_path / "library" / "one", tmp_path / "dense", EmbedderChoice())
    assert dense.search("physician clinic", 1)[0].title == "Surgery"
