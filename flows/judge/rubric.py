"""The rubric, its reason codes, and the system prompt that is made of it.

A rubric is Markdown, the default one or a file of the settings. Its reason codes are the list items that open with a
name in backticks. A verdict names the hash of the whole prompt, so that a changed rubric judges every attempt anew.
"""

import re
from dataclasses import dataclass

from flows.settings import Judge, SettingsError
from schemas import content_id, sha256_text
from schemas.prompt import prompt

PACKAGE = "flows.judge"
CODE_VERSION = "1"
"""Changes whenever equal replies may become another verdict."""
OK = "ok"
CODE = re.compile(r"^\s*[-*] `([a-z][a-z0-9_]*)`", re.MULTILINE)


@dataclass(frozen=True)
class Rubric:
    """The system prompt, the codes that a failed vote may give, and the hash of all prompt texts."""

    system: str
    codes: tuple[str, ...]
    sha256: str

    def version(self, model: str) -> str:
        """Version of the verdicts of a model under this rubric, so that each has an error rate of its own."""
        return f"{CODE_VERSION}-{content_id('judge', model, self.sha256)[:8]}"


def load_rubric(settings: Judge) -> Rubric:
    """The rubric of the settings. Raises SettingsError for a file that cannot be read or names no reason code."""
    text = _text(settings)
    codes = tuple(code for code in dict.fromkeys(CODE.findall(text)) if code != OK)
    if not codes:
        raise SettingsError(
            f"judge.rubric = {str(settings.rubric)!r} names no reason code: add list items such as "
            "- `wrong_method`: ..."
        )
    answer = prompt("answer_with_steps" if settings.steps else "answer", PACKAGE).text
    system = prompt("system", PACKAGE).text.format(rubric=text.strip(), answer=answer.strip())
    truth = prompt("truth", PACKAGE).text if settings.show_truth else ""
    sha256 = sha256_text("\n".join([system, prompt("material", PACKAGE).text, truth]))
    return Rubric(system, codes, sha256)


def _text(settings: Judge) -> str:
    if settings.rubric is None:
        return prompt("rubric", PACKAGE).text
    try:
        return settings.rubric.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"judge.rubric = {str(settings.rubric)!r} cannot be read as UTF-8: {error}") from error
