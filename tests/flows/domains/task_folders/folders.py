"""Writes task folders with the structure that `harbor task init` of harbor 0.26 gives them."""

from pathlib import Path

NAME = "sort-words"
CONFIG = """schema_version = "1.4"

[task]
name = "tests/sort-words"

[metadata]
difficulty = "easy"
category = "programming"

[verifier]
timeout_sec = 120.0

[agent]
timeout_sec = 120.0

[environment]
build_timeout_sec = 600.0
cpus = 1
memory_mb = 2048
"""
DOCKERFILE = """FROM ubuntu:24.04

WORKDIR /app
RUN apt-get update && apt-get install -y --no-install-recommends \\
    curl \\
    && rm -rf /var/lib/apt/lists/*
COPY data/ ./data/
RUN python3 -c "print(sum(range(10)))" > data/total.txt
"""
TEST_SCRIPT = """#!/bin/bash
apt-get update
apt-get install -y curl
curl -LsSf https://astral.sh/uv/0.9.7/install.sh | sh
source $HOME/.local/bin/env

if [ "$PWD" = "/" ]; then
    echo "Error: No working directory set."
    exit 1
fi

uvx \\
  -p 3.13 \\
  -w pytest==8.4.1 \\
  -w pytest-json-ctrf==0.3.5 \\
  pytest --ctrf /logs/verifier/ctrf.json /tests/test_outputs.py -rA

if [ $? -eq 0 ]; then
  echo 1 > /logs/verifier/reward.txt
else
  echo 0 > /logs/verifier/reward.txt
fi
"""
TESTS = """from pathlib import Path


def test_the_words_are_sorted():
    given = Path("/app/data/words.txt").read_text().split()
    assert Path("/app/sorted.txt").read_text().split() == sorted(given)


def test_the_total_is_kept():
    assert Path("/app/data/total.txt").read_text().strip() == "45"
"""
SOLUTION = "#!/bin/bash\ncd /app\ntr ' ' '\\n' < data/words.txt | LC_ALL=C sort > sorted.txt\n"
INSTRUCTION = "Sort the words of /app/data/words.txt, one a line, into /app/sorted.txt.\n"


def write_folder(place: Path, **changed: str | None) -> Path:
    """A task folder below `place`; a keyword such as `tests__test_sh` replaces a file, or removes it if it is None."""
    files = {
        "task.toml": CONFIG,
        "instruction.md": INSTRUCTION,
        "environment/Dockerfile": DOCKERFILE,
        "environment/data/words.txt": "pear apple fig cherry\n",
        "tests/test.sh": TEST_SCRIPT,
        "tests/test_outputs.py": TESTS,
        "solution/solve.sh": SOLUTION,
    }
    places = {path.replace("/", "__").replace(".", "_"): path for path in files}
    for key, text in changed.items():
        files[places.get(key, key)] = text or ""
    for path, text in files.items():
        if changed.get(path.replace("/", "__").replace(".", "_"), "") is None:
            continue
        file = place / NAME / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o755 if path.endswith(".sh") else 0o644)
    return place / NAME
