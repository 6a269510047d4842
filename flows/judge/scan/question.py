"""The question of a scan: a Markdown file, the answers that it allows, and the prompt that is made of it."""

import re
from dataclasses import dataclass
from pathlib import Path

from flows.judge.rubric import CODE, PACKAGE
from schemas import content_id, sha256_text
from schemas.prompt import prompt

CODE_VERSION = "1"
"""Changes whenever equal replies may become another answer."""
USUAL = ("yes", "no", "unclear")
"""Answers to a question that lists none."""
NAME = re.compile(r"[a-z][a-z0-9_-]{0,59}")
PREFIX = "scan:"
MATERIAL = "scan_material"


class QuestionError(Exception):
    """The file of a question cannot be used; the message gives the remedy."""


@dataclass(frozen=True)
class Question:
    """The name, the system prompt, the answers that are allowed, and the hash of all prompt texts."""

    name: str
    system: str
    codes: tuple[str, ...]
    sha256: str
    show_truth: bool

    @property
    def verifier(self) -> str:
        """The name under which answers are stored."""
        return PREFIX + self.name

    def version(self, model: str) -> str:
        """Version of the answers of a model to this text."""
        return f"{CODE_VERSION}-{content_id('scan', self.name, model, self.sha256)[:8]}"


def load_question(path: Path, *, show_truth: bool) -> Question:
    """The question of a file. Raises QuestionError for one that cannot be read, is empty, or has an unfit name."""
    if not NAME.fullmatch(path.stem):
        raise QuestionError(
            f"{path}: name the file with a-z, 0-9, - and _, such as went_wrong.md; answers bear its name"
        )
    try:
        text = path.read_text("utf-8").strip()
    except UnicodeDecodeError as error:
        raise QuestionError(f"{path} is no text in UTF-8 ({error}): save it as UTF-8") from error
    except OSError as error:
        raise QuestionError(f"{path} cannot be read ({error.strerror}): write the question into such a file") from error
    if not text:
        raise QuestionError(f"{path} is empty: write the question into it")
    codes = tuple(dict.fromkeys(CODE.findall(text))) or USUAL
    answer = prompt("scan_answer", PACKAGE).text.replace("CODES", ", ".join(codes))
    system = prompt("scan_system", PACKAGE).text.format(question=text, answer=answer.strip())
    truth = prompt("truth", PACKAGE).text if show_truth else ""
    sha256 = sha256_text("\n".join([system, prompt(MATERIAL, PACKAGE).text, truth]))
    return Question(path.stem, system, codes, sha256, show_truth)
