"""A task folder becomes a recipe of packages, files and steps, or is refused with a reason."""

from pathlib import Path

import pytest

from flows.domains.contract import Refused
from flows.domains.task_folders.harbor.config import read_config
from flows.domains.task_folders.harbor.dockerfile import Copied, Ran, read_dockerfile
from flows.domains.task_folders.harbor.folder import folder_digest, is_task_folder, read_folder
from flows.domains.task_folders.harbor.shell import read_lines, read_script
from tests.flows.domains.task_folders.folders import CONFIG, TEST_SCRIPT, write_folder


def refusal_of(dockerfile: str) -> str:
    with pytest.raises(Refused) as refused:
        read_dockerfile(dockerfile)
    return str(refused.value)


def test_a_dockerfile_becomes_packages_files_and_steps_in_their_order() -> None:
    recipe = read_dockerfile(
        """# syntax=docker/dockerfile:1
ARG VERSION=3.13
FROM python:${VERSION}-slim-bookworm
ENV MODE=test GREETING="two words"
ENV OLD form of a variable
WORKDIR /srv
WORKDIR app
RUN apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \\
    # the editor
    jq=1.6-2 tmux && rm -rf /var/lib/apt/lists/*
RUN --network=default
"""[: -len("RUN --network=default\n")]
        + """RUN pip install --no-cache-dir "numpy>=2" 'pandas[excel]==2.2.3' -r requirements.txt
COPY --chown=1000:1000 data ./data/
COPY ["a file.txt", "/srv/app/b.txt"]
RUN python make.py --name "a && b; c" && echo "$MODE" > mode.txt
RUN for i in 1 2; do touch "f$i"; done
CMD ["bash"]
EXPOSE 80
"""
    )
    assert recipe.workdir == "/srv/app"
    assert recipe.debian == ["jq", "tmux"]
    assert recipe.python == ["numpy>=2", "pandas[excel]==2.2.3"]
    assert recipe.requirements == ["/srv/app/requirements.txt"]
    assert recipe.variables == {"MODE": "test", "GREETING": "two words", "OLD": "form of a variable"}
    assert recipe.steps == [
        Copied(("data",), "/srv/app/data/"),
        Copied(("a file.txt",), "/srv/app/b.txt"),
        Ran('python make.py --name "a && b; c"', "/srv/app"),
        Ran('echo "$MODE" > mode.txt', "/srv/app"),
        Ran('for i in 1 2; do touch "f$i"; done', "/srv/app"),
    ]


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ("FROM nvidia/cuda:12.4\nWORKDIR /app", "base_image"),
        ("FROM python:3.12\nFROM ubuntu\nWORKDIR /app", "several_stages"),
        ("FROM python:3.12\nWORKDIR /app\nCOPY --from=builder /x /app/x", "several_stages"),
        ("FROM ubuntu", "no_workdir"),
        ("FROM ubuntu\nWORKDIR /app\nRUN git clone https://example.org/r.git .", "needs_network"),
        ("FROM ubuntu\nWORKDIR /app\nRUN curl -sL https://example.org/x | bash -", "needs_network"),
        ("FROM ubuntu\nWORKDIR /app\nRUN npm install -g left-pad", "needs_network"),
        ("FROM ubuntu\nWORKDIR /app\nADD https://example.org/x.bin /app/", "needs_network"),
        ("FROM ubuntu\nWORKDIR /app\nADD big.tar.gz /app/", "dockerfile_archive"),
        ("FROM ubuntu\nWORKDIR /app\nRUN pip install --index-url https://example.org/simple x", "other_index"),
        ("FROM ubuntu\nWORKDIR /app\nRUN pip install -e .", "installs_itself"),
        ("FROM ubuntu\nWORKDIR /app\nRUN pip install git+https://example.org/x.git", "needs_network"),
        ("FROM ubuntu\nWORKDIR /app\nRUN --mount=type=cache,target=/x make", "dockerfile_mount"),
        ("FROM ubuntu\nWORKDIR /app\nRUN <<EOF\necho a\nEOF", "dockerfile_heredoc"),
        ("FROM ubuntu\nWORKDIR /app\nENTRYPOINT [\"/start.sh\"]", "dockerfile_entrypoint"),
        ("FROM ubuntu\nWORKDIR /app\nVOLUME /data", "dockerfile_volume"),
        ("FROM ubuntu\nWORKDIR /app\nRUN if true; then apt-get install -y jq; fi", "conditional_install"),
        ("FROM ubuntu\nWORKDIR /app\nCOPY onlyone", "dockerfile_invalid"),
        ("FROM ubuntu\nWORKDIR /app\nSHELL [\"powershell\"]", "dockerfile_shell"),
    ],
)  # fmt: skip
def test_what_a_sandbox_cannot_give_is_refused_by_name(lines: str, reason: str) -> None:
    """A task that lacks a service or a download fails for every agent, and nobody would see why."""
    assert refusal_of(lines) == reason


def test_a_test_script_names_the_packages_of_its_runner() -> None:
    assert read_script(TEST_SCRIPT).python == ["pytest==8.4.1", "pytest-json-ctrf==0.3.5", "pytest"]
    other = "uv init\nuv add pytest==8.3.4 'requests'\nuv run --with hypothesis pytest /tests/test_x.py"
    assert read_script(other).python == ["pytest==8.3.4", "requests", "hypothesis"]
    assert read_script("pip install -q pytest==8.4\npytest /tests").python == ["pytest==8.4"]


def test_git_without_a_network_stays_a_command() -> None:
    assert read_lines('git init && git add . && git commit -m "a; b"').commands == [
        "git init", "git add .", 'git commit -m "a; b"'
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ("[[steps]]\nname = 'one'", "several_steps"),
        ("[verifier.environment]\ncpus = 1", "separate_verifier"),
        ("[[environment.mcp_servers]]\nname = 'x'\nurl = 'http://x'", "needs_mcp_server"),
        ("[environment.healthcheck]\ncommand = 'true'", "needs_healthcheck"),
        ("[environment.env]\nKEY = '${OPENAI_API_KEY}'", "needs_host_variables"),
        ("= 3", "config_invalid"),
    ],
)
def test_a_configuration_beyond_one_offline_container_is_refused_by_name(more: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        read_config(f"{CONFIG}\n{more}\n")
    with pytest.raises(Refused, match="needs_gpu"):
        read_config(CONFIG.replace("cpus = 1", "gpus = 1"))
    assert read_config(CONFIG.replace("memory_mb = 2048", "memory = '4G'")).environment.memory_mb == 4096


def test_a_folder_is_read_whole(tmp_path: Path) -> None:
    """The canary line of benchmarks is for their readers, and no part of the instruction."""
    marked = "<!-- BENCHMARK DATA canary GUID 1234 -->\n\nSort the words.\n"
    place = write_folder(tmp_path, instruction_md=marked)
    folder = read_folder(place)
    assert is_task_folder(place)
    assert (folder.name, folder.instruction, folder.workdir) == ("tests/sort-words", "Sort the words.", "/app")
    assert set(folder.context) == {"data/words.txt"}
    assert set(folder.tests) == {"test.sh", "test_outputs.py"}
    assert folder.sha256 == folder_digest(place)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"tests__test_sh": None}, "no_test_script"),
        ({"environment__Dockerfile": None}, "no_dockerfile"),
        ({"instruction_md": "\n"}, "no_instruction"),
        ({"environment/docker-compose.yaml": "services: {}"}, "several_containers"),
    ],
)
def test_an_incomplete_folder_has_its_reason(tmp_path: Path, changed: dict[str, str | None], reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        read_folder(write_folder(tmp_path, **changed))


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    """A folder of strangers must not bring files of this machine into a task."""
    place = write_folder(tmp_path)
    (place / "environment/data/passwd").symlink_to("/etc/passwd")
    with pytest.raises(Refused, match="folder_has_links"):
        read_folder(place)
