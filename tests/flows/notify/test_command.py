"""`factory notify test`, as a person runs it after setting an address."""

import json
from pathlib import Path

from tests.doubles.receiver import receiver
from tests.test_cli import factory


def test_the_command_reports_every_address_without_its_secret(tmp_path: Path) -> None:
    """An address that silently takes nothing is found on the night that needs it."""
    with receiver("hook-9f3c") as taking, receiver("hook-9f3c", status=403) as refusing:
        addresses = json.dumps([taking.address, refusing.address])
        tried = factory(tmp_path, "notify", "test", FACTORY_NOTIFY__URLS=addresses)
    assert tried.returncode == 1
    assert tried.stdout.splitlines() == [
        "notify.urls[0] (JSON): took the message",
        "notify.urls[1] (JSON): its service answered HTTP 403",
    ]
    assert str(tmp_path) in taking.texts[0] and "hook-9f3c" not in tried.stdout + tried.stderr


def test_the_command_names_the_setting_that_is_missing(tmp_path: Path) -> None:
    """A test that sends nothing and succeeds would be taken for a working alert."""
    tried = factory(tmp_path, "notify", "test")
    assert tried.returncode == 1 and "[notify] urls" in tried.stderr and "Traceback" not in tried.stderr
