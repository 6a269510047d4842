"""A machine that does not reach the Hub: its cache is read at once, and a missing tokenizer is named."""

import os
import subprocess
import sys

import pytest

from flows.process_guard import free_port

OPEN = """
from flows.rollout.dialects.chat import open_chat
from flows.rollout.protocol import TeacherRefused
from flows.settings import Teacher
try:
    open_chat(Teacher(), "nobody/no-model")
except TeacherRefused as refused:
    print(refused)
"""


@pytest.mark.slow
def test_without_the_hub_nothing_is_retried(tmp_path: object) -> None:
    """The Hub's client tries every file six times: five minutes of silence before the first token."""
    offline = {
        name: value for name, value in os.environ.items() if name not in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
    }
    environment = offline | {"HF_ENDPOINT": f"http://127.0.0.1:{free_port()}", "HF_HOME": str(tmp_path)}
    ended = subprocess.run([sys.executable, "-c", OPEN], env=environment, capture_output=True, text=True, check=True)
    assert "the Hub does not answer" in ended.stdout and "set teacher.tokenizer" in ended.stdout
    assert "Retrying" not in ended.stderr
