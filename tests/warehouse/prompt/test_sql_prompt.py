"""The prompt of `factory sql`: completion, history, its own commands, and errors that leave it open."""

from datetime import date
from pathlib import Path

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from tests.doubles.lakes.small_lake import write_small_lake
from warehouse.connect import catalogue, connect
from warehouse.lake import Lake
from warehouse.prompt.sql_prompt import SqlCompleter, SqlPrompt

DAY = date(2026, 11, 20)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    lake = Lake(tmp_path_factory.mktemp("home") / "lake")
    write_small_lake(lake, DAY, n_tasks=3)
    return lake


def typed(lake: Lake, history: Path, keys: str) -> None:
    """Run a prompt over the keys, until it ends."""
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()), connect(lake) as con:
        pipe.send_text(keys)
        SqlPrompt(con, catalogue(lake), history).run()


def offered(lake: Lake, text: str) -> dict[str, str]:
    """Completion -> its meaning, with the cursor at the end of the text."""
    completer = SqlCompleter(catalogue(lake), ["select", "from", "where"])
    completions = completer.get_completions(Document(text), CompleteEvent())
    return {completion.text: completion.display_meta_text for completion in completions}


def test_statements_of_several_lines_are_answered(
    lake: Lake, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Enter goes on in a new line until the statement ends, so that a long query can be written in lines."""
    typed(lake, tmp_path / "history", "select count(*) as many\rfrom tasks;\r.quit\r")
    printed = capfd.readouterr().out
    assert "many" in printed
    assert "3" in printed


def test_a_refused_statement_leaves_the_prompt_open(
    lake: Lake, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A typing error must not end an hour of exploring; nor may the prompt do more than read."""
    typed(lake, tmp_path / "history", "selct 1;\rdrop view turns;\r.columns nothing\rselect 41 + 1 as answer;\r\x04")
    printed = capfd.readouterr().out
    assert "DROP is refused" in printed
    assert "no view is named 'nothing'" in printed
    assert "42" in printed


def test_a_later_prompt_has_the_history(lake: Lake, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    typed(lake, tmp_path / "history", "select 6 * 7 as product;\r\x04")
    capfd.readouterr()
    typed(lake, tmp_path / "history", "\x1b[A\r\x04")
    assert "product" in capfd.readouterr().out


def test_the_questions_run_by_name(lake: Lake, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    typed(lake, tmp_path / "history", ".questions\r.questions longest_attempts\r.views\r.columns funnel\r.quit\r")
    printed = " ".join(capfd.readouterr().out.split())
    assert "Which attempts are the longest?" in printed
    assert "-- one row per attempt, the ten with the most tokens" in printed
    assert "share of the domain's planned" in printed


def test_completion_offers_views_then_their_columns(lake: Lake) -> None:
    """A newcomer writes a query without the catalogue beside it."""
    assert offered(lake, "select * from horizon_h")["horizon_histogram"].startswith("one row per domain and length bin")
    assert set(offered(lake, "select * from f")) >= {"funnel", "fates", "facts"}
    assert "from" not in offered(lake, "select * from f")
    assert offered(lake, "select status from trajectories where n_tok")["n_tokens"].startswith("number of tokens")
    assert "n_links" not in offered(lake, "select trajectories.n_")
    assert "where" in offered(lake, "select 1 from tasks whe")
    assert "pass_at_k" in offered(lake, ".questions pa")
