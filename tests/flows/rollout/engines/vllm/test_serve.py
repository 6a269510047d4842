"""The command of a vLLM server that the flow starts, and the messages about missing settings."""

import sys
from pathlib import Path

import pytest

from flows.rollout.engines.vllm.serve import serve_vllm, vllm_command
from flows.rollout.protocol import TeacherRefused
from flows.settings import Teacher


def test_the_settings_of_the_server_reach_its_command(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").touch()
    teacher = {"model": "m", "venv": tmp_path, "tensor_parallel": 4, "serve_args": ["--kv-cache-dtype", "fp8"]}
    command = vllm_command(Teacher.model_validate(teacher | {"api_key": "s3cret", "context_window": 1_024}), 8_000)
    line = " ".join(command)
    assert "--tensor-parallel-size 4" in line and "--data-parallel" not in line
    assert "--model m" in line and "--max-model-len 1024" in line and line.endswith("--kv-cache-dtype fp8")
    assert "s3cret" not in line


@pytest.mark.parametrize(
    ("teacher", "remedy"), [({}, "factory teacher install"), ({"venv": sys.prefix}, "teacher.model")]
)
async def test_a_missing_environment_or_model_is_refused_with_a_remedy(
    tmp_path: Path, teacher: dict[str, str], remedy: str
) -> None:
    settings = Teacher.model_validate({"engine": "vllm", "venv": tmp_path / "none", **teacher})
    with pytest.raises(TeacherRefused, match=remedy):
        async with serve_vllm(settings, tmp_path):
            pass
