"""The file of `factory refine audit` as a form: one row after the other, each answer written at once.

The file is the one that the command draws and reads back; its other columns stay as they are. It is blind, so the form
shows no verdict, and the link to the attempt leaves verdicts out.
"""

import csv
import threading
from pathlib import Path

Line = dict[str, str]
NEEDED = ("trajectory_id", "question", "truth", "answer", "is_correct", "note")
ANSWERS = ("yes", "no", "")
DRAW = "draw one with `factory refine audit --out FILE`"


class AuditFileError(Exception):
    """The file cannot be read or written, or is no sample of `factory refine audit`; the message gives the remedy."""


class AuditFile:
    """The rows of an audit, which several requests may read and answer."""

    def __init__(self, path: Path) -> None:
        self.path, self._lock = path, threading.Lock()
        self.rows()

    def rows(self) -> list[Line]:
        """All rows, read anew: a person may fill in the file elsewhere, too. Raises AuditFileError."""
        try:
            with self.path.open(encoding="utf-8-sig", newline="") as file:
                header = file.readline()
                file.seek(0)
                lines = csv.DictReader(file, delimiter=max(",;\t", key=header.count))
                rows = list(lines)
        except OSError as error:
            raise AuditFileError(f"{self.path} cannot be read ({error.strerror}): {DRAW}") from error
        except (UnicodeDecodeError, csv.Error) as error:
            raise AuditFileError(f"{self.path} is no CSV file in UTF-8 ({error}): {DRAW}") from error
        if missing := set(NEEDED) - set(lines.fieldnames or ()):
            raise AuditFileError(f"{self.path} has no column {', '.join(sorted(missing))}: {DRAW}")
        return [{name: value or "" for name, value in row.items() if name is not None} for row in rows]

    def answer(self, trajectory_id: str, is_correct: str, note: str) -> None:
        """Write a person's answer on one attempt: yes, no, or empty. Raises AuditFileError."""
        if is_correct not in ANSWERS:
            raise AuditFileError(f"{is_correct!r} is no answer: yes, no, or nothing")
        with self._lock:
            rows = self.rows()
            named = [row for row in rows if row["trajectory_id"] == trajectory_id]
            if not named:
                raise AuditFileError(f"{self.path} has no row of {trajectory_id!r}")
            for row in named:
                row["is_correct"], row["note"] = is_correct, " ".join(note.split())
            self._write(rows)

    def _write(self, rows: list[Line]) -> None:
        temporary = self.path.with_name(f".{self.path.name}.tmp")
        try:
            with temporary.open("w", encoding="utf-8", newline="") as file:
                lines = csv.DictWriter(file, list(rows[0]))
                lines.writeheader()
                lines.writerows(rows)
            temporary.replace(self.path)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise AuditFileError(f"{self.path} cannot be written ({error.strerror}): free space, or move it") from error
