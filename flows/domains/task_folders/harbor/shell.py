"""Finds the packages that shell lines install with apt, pip and uv, so that an image can hold them.

A line is split at `&&`, `;` and newlines outside quotes. Commands that only refresh package lists are dropped;
commands that install become packages; every other command is kept as it stands.
"""

import re
import shlex
from dataclasses import dataclass, field

from flows.domains.contract import Refused

ENDS = re.compile(r"&&|;|\n")
KEYWORDS = frozenset({"if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac", "{",
                      "}", "!", "function"})  # fmt: skip
NETWORK = frozenset({"curl", "wget", "git", "npm", "npx", "yarn", "cargo", "go", "gem", "conda", "mamba", "docker",
                     "snap", "rsync", "scp", "ssh"})  # fmt: skip
"""Programs that fetch from the network where a task folder uses them, unless their words show otherwise."""
LOCAL = frozenset({"init", "add", "commit", "config", "checkout", "branch", "tag", "mv", "rm", "merge", "reset",
                   "run", "test", "build", "--version", "version"})  # fmt: skip
"""First words of git, npm, cargo and go that need no network."""
UV_INSTALLER = "astral.sh/uv"
"""A part of the address from which Harbor's template installs uv."""
VALUED = frozenset({"-t", "--target-release", "-o", "--option", "-c", "--config-file", "--timeout", "--retries",
                    "--platform", "--python", "-p", "--constraint", "--prefix", "--root", "-w", "--with",
                    "--from"})  # fmt: skip
"""Options of apt, pip and uv whose next word is their value."""
INDEXES = frozenset({"-i", "--index-url", "--extra-index-url", "-f", "--find-links", "--index", "--default-index"})
TOOLS = frozenset({"pip", "setuptools", "wheel", "uv", "curl", "ca-certificates"})
"""Packages that only install others."""


@dataclass
class Installed:
    """Packages that lines install, and the commands that remain."""

    python: list[str] = field(default_factory=list)
    debian: list[str] = field(default_factory=list)
    requirements: list[str] = field(default_factory=list)
    """Files of requirements, as the lines name them."""
    commands: list[str] = field(default_factory=list)


def read_lines(text: str) -> Installed:
    """The packages of a build's lines, and the remaining commands.

    Raises Refused: `needs_network`, `other_index`, `installs_itself`, `conditional_install`.
    """
    found, commands = Installed(), split_commands(text)
    for command in commands:
        _sort(command, found)
    if any(command.split()[0] in KEYWORDS or "(" in command.split()[0] for command in commands):
        if found.python or found.debian or found.requirements:
            raise Refused("conditional_install")
        found.commands = [text.strip()]
    return found


def read_script(text: str) -> Installed:
    """The packages of a whole script, which runs as it is where programs that install do nothing.

    Raises Refused: `needs_network`, `other_index`, `installs_itself`.
    """
    found = Installed()
    for command in split_commands(text):
        _sort(command, found)
    return found


def split_commands(text: str) -> list[str]:
    """The commands of a line or script, in order, without comments."""
    rest = re.sub(r"\\\n", " ", text)
    commands, start = [], 0
    for end in ENDS.finditer(rest):
        if _closed(rest[start : end.start()]):
            commands.append(rest[start : end.start()].strip())
            start = end.end()
    commands.append(rest[start:].strip())
    return [one for one in commands if one and not one.startswith("#")]


def _closed(text: str) -> bool:
    """True if no quote is open at its end."""
    try:
        shlex.split(text, comments=True)
    except ValueError:
        return False
    return True


def _sort(command: str, found: Installed) -> None:
    if UV_INSTALLER in command:
        return
    parts = _pipeline(command)
    for words in parts:
        _check_network(words)
    match parts[0] if parts else []:
        case []:
            return
        case ["apt-get" | "apt", *rest]:
            found.debian += _debian(rest) if "install" in rest else []
        case ["rm", *rest] if any(word.startswith(("/var/lib/apt", "/var/cache", "/root/.cache")) for word in rest):
            return
        case ["pip" | "pip3", "install", *rest] | ["python" | "python3", "-m", "pip", "install", *rest]:
            _pip(rest, found)
        case ["uv", "pip", "install", *rest] | ["uv", "add", *rest]:
            _pip(rest, found)
        case ["uvx", *rest]:
            found.python += [*_with(rest), *_unvalued(rest)[:1]]
            found.commands.append(command)
        case ["uv", *rest]:
            found.python += _with(rest)
            found.commands.append(command)
        case _:
            found.commands.append(command)


def _pipeline(command: str) -> list[list[str]]:
    """The words of each part of a pipeline, without variables, keywords and sudo before the program."""
    reader = shlex.shlex(command, posix=True, punctuation_chars="|&()")
    reader.whitespace_split = True
    parts: list[list[str]] = [[]]
    try:
        for word in reader:
            if set(word) <= set("|&()"):
                parts.append([])
            elif parts[-1] or not (re.fullmatch(r"\w+=.*", word, re.DOTALL) or word in KEYWORDS or word == "sudo"):
                parts[-1].append(word)
    except ValueError:
        return [command.split()]
    return [part for part in parts if part]


def _check_network(words: list[str]) -> None:
    name = words[0].rpartition("/")[2]
    if (
        name in NETWORK
        and next((word for word in words[1:] if word in LOCAL or not word.startswith("-")), "") not in LOCAL
    ):
        raise Refused("needs_network")


def _debian(words: list[str]) -> list[str]:
    """Names of packages; a pinned version is left out, since another release has others."""
    names = [word for word in _unvalued(words) if word not in ("install", "update", "upgrade")]
    return [name for name in (re.split(r"[=/:]", word)[0] for word in names) if name not in TOOLS]


def _pip(words: list[str], found: Installed) -> None:
    if INDEXES & {word.split("=")[0] for word in words}:
        raise Refused("other_index")
    pending = iter(words)
    for word in pending:
        if word in ("-r", "--requirement"):
            found.requirements.append(next(pending, ""))
        elif word in VALUED:
            next(pending, None)
        elif "://" in word or word.startswith("git+"):
            raise Refused("needs_network")
        elif word in (".", "-e") or word.startswith(("./", "/", "-e", ".[")):
            raise Refused("installs_itself")
        elif not word.startswith("-") and word not in TOOLS:
            found.python.append(word)


def _with(words: list[str]) -> list[str]:
    """Packages of `-w` and `--with`."""
    pairs = zip(words, [*words[1:], ""], strict=True)
    apart = [value for option, value in pairs if option in ("-w", "--with")]
    joined = [word.partition("=")[2] for word in words if word.startswith("--with=")]
    return [name for value in apart + joined for name in value.split(",") if name]


def _unvalued(words: list[str]) -> list[str]:
    """The words that are neither options nor values of options."""
    pending, kept = iter(words), []
    for word in pending:
        if word in VALUED:
            next(pending, None)
        elif not word.startswith("-"):
            kept.append(word)
    return kept
