"""Domains: complete, found by name, and refused with the known names where a name is wrong."""

from pathlib import Path

import pytest

import flows.domains
from flows.domains import composers, domain, domains
from flows.settings import Settings, SettingsError, Tasks
from flows.tasks.composers import chosen_composers


@pytest.mark.parametrize("name", sorted(domains()))
def test_a_domain_is_complete(name: str) -> None:
    """A task names the tools of the chat dialect, so every other dialect's tools must be among them."""
    one = domain(name)
    kind = one.environment
    if not kind.has_state:
        tools, text_tools = kind.tools("{}", "chat"), kind.tools("{}", "text")
        assert {tool.name for tool in text_tools} <= {tool.name for tool in tools}
        assert all(tool.description and tool.spec.parameters["properties"] for tool in (*tools, *text_tools))
    assert all(verifier.version for verifier in one.verifiers)
    assert all(composers()[composer.name] == (one, composer) for composer in one.composers)
    assert one.system_prompt("chat").text


def test_an_unknown_domain_is_refused_with_the_known_names() -> None:
    with pytest.raises(LookupError, match=r"no domain named 'serch'; there are: .*general_agentic, .*search"):
        domain("serch")


@pytest.mark.parametrize("source", ["", "from flows.domains.search import DOMAIN"])
def test_a_folder_must_define_a_domain_of_its_own_name(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that is skipped in silence would be missed only when its first task fails."""
    folder = tmp_path / f"poetry_{len(source)}"
    folder.mkdir()
    (folder / "__init__.py").write_text(source)
    monkeypatch.setattr(flows.domains, "__path__", [*flows.domains.__path__, str(tmp_path)])
    with pytest.raises(TypeError, match=rf"{folder.name}/__init__\.py must define DOMAIN"):
        domains()


def test_an_unknown_composer_is_refused_with_the_known_names() -> None:
    chosen = Settings(tasks=Tasks(composers=["written", "poem"]))
    with pytest.raises(
        SettingsError,
        match=r"tasks\.composers = \['poem'\].*There are: batch_under_policy, chain, cloze, .*, written_by_hand",
    ):
        chosen_composers(chosen)


def test_the_text_prompt_contains_only_the_lines_of_its_dialect() -> None:
    lines = [line for line in domain("search").system_prompt("text").text.splitlines()[1:] if line]
    assert {line.partition(": ")[0] for line in lines} == {"question", "search", "result", "answer"}
