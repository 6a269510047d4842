"""Settings: an invalid value is refused before any work, with a message that names the key."""

import os
import re
import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel

from flows.settings import Settings, SettingsError, load
from flows.settings.file import commented_file
from flows.settings.renamed import RENAMED
from warehouse.connect import connect
from warehouse.lake import Lake


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("FACTORY_")]:
        monkeypatch.delenv(name)
    return tmp_path


def test_no_settings_are_needed(home: Path) -> None:
    """The main job must run in an empty directory."""
    assert load().lake == Path("lake")


def test_a_variable_wins_over_the_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scheduled run is tuned by its environment without editing the file under it."""
    (home / "factory.toml").write_text("[crawl]\nmax_pages = 7\n")
    assert load().crawl.max_pages == 7
    monkeypatch.setenv("FACTORY_CRAWL__MAX_PAGES", "9")
    assert load().crawl.max_pages == 9


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[crawl]\nmax_pages = -3\n", ["crawl.max_pages", "-3", "greater than 0"]),
        ("[crawl]\nmax_page = 3\n", ["crawl.max_page", "no such setting"]),
        ('[teacher]\nengine = "gpt"\n', ["teacher.engine", "gpt", "embedded", "vllm"]),
        ("[judge]\nvotes = 4\n", ["judge.votes", "4", "odd number"]),
        ('[judge.teacher]\nmodel = "m"\n', ["judge.teacher", "engine"]),
        ('[judge.teacher]\nengine = "gpt"\n', ["judge.teacher.engine", "gpt", "vllm"]),
        ("[crawl\n", ["factory.toml"]),
        ("[refine]\nmin_calls_by_domain = {code = -3}\n", ["refine.min_calls_by_domain.code", "-3", "equal to 0"]),
        (f"[refine]\nmin_turns_by_domain = {{code = {10**30}}}\n", ["refine.min_turns_by_domain.code", "less than"]),
        (f"[refine]\nmin_calls = {10**19}\n", ["refine.min_calls", "less than"]),
        *(
            (
                f"[refine]\nbenchmark_mirrors = ['{wrong}']\n",
                [f"refine.benchmark_mirrors.0 = {wrong!r}", "hf.co/datasets/"],
            )
            for wrong in ("", "  ", "https://", "hf", "hf co/datasets", "/datasets/")
        ),
        *(
            (f'[{section}]\nmemory_limit = "{wrong}"\n', [f"{section}.memory_limit = {wrong!r}", "4GB", "50%"])
            for section in ("tasks", "refine", "publish")
            for wrong in ("lots", "", "0", "0GB", "150%", "4", "-1GB")
        ),
    ],
)
def test_a_wrong_setting_names_key_value_and_what_is_allowed(home: Path, text: str, says: list[str]) -> None:
    """A typo that is silently ignored costs a night."""
    (home / "factory.toml").write_text(text)
    with pytest.raises(SettingsError) as refused:
        load()
    assert all(word in str(refused.value) for word in says)


@pytest.mark.parametrize(("old", "new"), RENAMED.items())
def test_a_renamed_setting_is_refused_with_its_new_name(home: Path, old: str, new: str) -> None:
    """The owner of an older settings file must learn the new name from the message alone."""
    section, _, key = old.rpartition(".")
    (home / "factory.toml").write_text(f"[{section}]\n{key} = 1\n" if section else f"{key} = []\n")
    with pytest.raises(SettingsError, match=rf"{old}: this setting is now called {new}\."):
        load()
    assert new in {*_keys(Settings), *(f"{name}.{key}" for name, model in _sections() for key in _keys(model))}


@pytest.mark.parametrize("limit", ["512MB", "1.5 GiB", "2tb", "50%", "0.5%", "100%"])
def test_a_memory_limit_that_is_accepted_is_one_that_duckdb_takes(limit: str, home: Path) -> None:
    """An invalid limit would fail after the crawl, with a message that does not name the setting."""
    found = Settings(refine={"memory_limit": limit}).refine.memory_limit
    assert connect(Lake(home / "lake"), memory_limit=found).execute("select 1").fetchall() == [(1,)]


def test_all_errors_are_reported_at_once(home: Path) -> None:
    """With one error per run, ten typos take ten runs."""
    (home / "factory.toml").write_text("[crawl]\nmax_pages = -3\nper_host = 0\n")
    with pytest.raises(SettingsError, match=r"(?s)max_pages.*per_host"):
        load()


def test_the_written_file_holds_every_setting_at_its_default(home: Path) -> None:
    """An outdated file would show settings that no longer exist."""
    keys = [line.removeprefix("# ") for line in commented_file().splitlines() if _is_key(line)]
    assert Settings.model_validate(tomllib.loads("\n".join(keys))) == Settings()
    assert sum(" = " in key for key in keys) > 40


def _keys(model: type[BaseModel]) -> list[str]:
    return list(model.model_fields)


def _sections() -> list[tuple[str, type[BaseModel]]]:
    found = ((name, field.annotation) for name, field in Settings.model_fields.items())
    return [(name, kind) for name, kind in found if isinstance(kind, type) and issubclass(kind, BaseModel)]


def _is_key(line: str) -> bool:
    is_default = line.startswith("# ") and line[2:].split(" = ", maxsplit=1)[0].isidentifier() and " = " in line
    return line.startswith("[") or is_default


def test_two_homes_never_share_a_deployment(home: Path) -> None:
    """Two homes under one deployment run each other's nights."""
    names = [
        Settings(home=home / path).deployment for path in ("a/Data Home", "b/Data Home", "a/./Data Home", "a/日本")
    ]
    assert len(set(names)) == 3 and names[0] == names[2]
    assert names[0].startswith("data-home-")
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) for name in names)
    (home / "factory.toml").write_text('[schedule]\ndeployment = "gpu-1"\n')
    assert load().deployment == "gpu-1"
    (home / "factory.toml").write_text('[schedule]\ndeployment = "GPU/1"\n')
    with pytest.raises(SettingsError, match=r"schedule\.deployment = 'GPU/1'"):
        load()


@pytest.mark.parametrize(
    "text",
    [
        '[notify]\nurls = ["nonsense-hunter2"]\n',
        '[notify]\nurls = ["slack://hunter2"]\n',
        '[notify]\nurls = ["https://example.org/hunter2", "json://127.0.0.1/"]\n',
        '[notify]\nurls = "json://reader:hunter2@127.0.0.1"\n',
        'notify = "json://reader:hunter2@127.0.0.1"\n',
        'teacher = "hunter2"\n',
        '[teacher]\napi_key = ["hunter2"]\n',
        '[[environments.mcp]]\nname = "a"\ncommand = "b"\nenv = {A = ["hunter2"]}\n',
        2 * '[[environments.mcp]]\nname = "a"\ncommand = "b"\nenv = {A = "hunter2"}\n',
        '[[environments.mcp]]\nname = "a"\nurl = "http://a.example"\nheaders = "hunter2"\n',
        '[judge.teacher]\nengine = "chat"\napi_key = ["hunter2"]\n',
        '[judge.teacher]\napi_key = "hunter2"\n',
        '[judge]\nteacher = "hunter2"\n',
        'judge = "hunter2"\n',
    ],
)
def test_an_error_about_a_secret_setting_does_not_show_it(
    home: Path, text: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """The error is printed by a service at its start, so it ends in a log that many people read."""
    (home / "factory.toml").write_text(text)
    with pytest.raises(SettingsError) as error:
        load()
    assert "hunter2" not in str(error.value) + str(capfd.readouterr())
    assert str(error.value).startswith(("notify", "teacher", "environments", "judge"))


def test_addresses_of_alerts_never_show_in_the_settings(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings are printed in tracebacks and logs; a webhook's address is its password."""
    monkeypatch.setenv("FACTORY_NOTIFY__URLS", '["json://reader:hunter2@127.0.0.1/"]')
    assert "hunter2" not in f"{load()!r} {load().model_dump()} {load().model_dump_json()}"
    monkeypatch.setenv("FACTORY_NOTIFY__URLS", "json://reader:hunter2@127.0.0.1/")
    with pytest.raises(SettingsError) as error:
        load()
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('cron = "0 25 * * *"', ["schedule.cron = '0 25 * * *'"]),
        ('cron = "0 0 30 2 *"', ["schedule.cron = '0 0 30 2 *'"]),
        ('cron = "nightly"', ["schedule.cron = 'nightly'", "0 2 * * *"]),
        ('cron = "0 0 2 * * *"', ["schedule.cron", "five fields"]),
        ('cron = "R 2 * * *"', ["schedule.cron", "five fields"]),
        ('cron = "@sometimes"', ["schedule.cron = '@sometimes'"]),
        ('timezone = "Europe/Bern"', ["schedule.timezone = 'Europe/Bern'", "Europe/Berlin"]),
        ('timezone = ""', ["schedule.timezone = ''"]),
        ('timezone = "../UTC"', ["schedule.timezone = '../UTC'"]),
    ],
)
def test_a_wrong_schedule_is_refused_by_name(home: Path, line: str, says: list[str]) -> None:
    """A schedule that never fires, or fires elsewhere, loses nights in silence."""
    (home / "factory.toml").write_text(f"[schedule]\n{line}\n")
    with pytest.raises(SettingsError) as refused:
        load()
    assert all(part in str(refused.value) for part in says)
