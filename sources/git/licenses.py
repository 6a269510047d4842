"""The licence of a repository's files: SPDX lines in the file, else the nearest licence text above it.

A licence text is recognised by sentences that only it has, so that a changed copyright line or line breaks do not
matter. A text of the GNU family alone does not grant later versions, so its id ends in `-only`. A text that is not
recognised gives no licence rather than a wrong one.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

MAX_LICENSE_BYTES = 200_000
HEAD_CHARS = 4_000
"""Characters at the start of a file in which an SPDX line counts."""

_LICENSE_FILE = re.compile(r"(?:un)?licen[cs]e(?:[-_.].*)?|copying(?:[-_.].*)?", re.IGNORECASE)
_CODE_SUFFIX = re.compile(r"\.(?:py|js|ts|go|rs|c|h|java|rb|sh|json|toml|ya?ml)$", re.IGNORECASE)
_SPDX = re.compile(r"SPDX-License-Identifier:[ \t]*([A-Za-z0-9.+\-() ]{2,120})")
_WORDS = re.compile(r"[^a-z0-9]+")

_TEXTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("AGPL-3.0-only", ("gnu affero general public license version 3", "remote network interaction use with the gnu")),
    ("LGPL-3.0-only", ("gnu lesser general public license version 3", "incorporates the terms and conditions")),
    ("LGPL-2.1-only", ("gnu lesser general public license version 2 1", "successor of the gnu library public")),
    ("LGPL-2.0-only", ("gnu library general public license version 2",)),
    ("GPL-3.0-only", ("gnu general public license version 3", "protecting users legal rights from")),
    ("GPL-2.0-only", ("gnu general public license version 2", "you may copy and distribute verbatim copies of")),
    ("GFDL-1.3-only", ("gnu free documentation license version 1 3",)),
    ("GFDL-1.2-only", ("gnu free documentation license version 1 2",)),
    ("MPL-2.0", ("mozilla public license version 2 0", "covered software is provided under this license on an as is")),
    ("EPL-2.0", ("eclipse public license v 2 0",)),
    ("Apache-2.0", ("apache license version 2 0", "terms and conditions for use reproduction and distribution")),
    ("Apache-2.0", ("licensed under the apache license version 2 0",)),
    ("CC-BY-SA-4.0", ("attribution sharealike 4 0 international",)),
    ("CC-BY-NC-SA-4.0", ("attribution noncommercial sharealike 4 0 international",)),
    ("CC-BY-NC-ND-4.0", ("attribution noncommercial noderivatives 4 0 international",)),
    ("CC-BY-NC-4.0", ("attribution noncommercial 4 0 international",)),
    ("CC-BY-ND-4.0", ("attribution noderivatives 4 0 international",)),
    ("CC-BY-4.0", ("attribution 4 0 international", "licensor hereby grants you a worldwide royalty free")),
    ("CC0-1.0", ("cc0 1 0 universal",)),
    ("BSL-1.0", ("boost software license version 1 0",)),
    ("PSF-2.0", ("python software foundation license version 2",)),
    ("Unlicense", ("this is free and unencumbered software released into the public domain",)),
    ("Zlib", ("altered source versions must be plainly marked as such", "the origin of this software must not be")),
    ("MIT", ("the above copyright notice and this permission notice", "to deal in the software without restriction")),
    ("ISC", ("permission to use copy modify and or distribute this software for any purpose with or without fee",
             "the above copyright notice and this permission notice appear in all copies")),
    ("0BSD", ("permission to use copy modify and or distribute this software for any purpose with or without fee",)),
    ("BSD-3-Clause", ("redistribution and use in source and binary forms with or without", "to endorse or promote")),
    ("BSD-2-Clause", ("redistribution and use in source and binary forms with or without",
                      "redistributions in binary form must reproduce the above copyright notice")),
)  # fmt: skip
"""SPDX id → phrases that all occur in its text, in lower case without punctuation; the first match counts."""


def is_license_file(path: str) -> bool:
    """True if a file holds a licence text, by its name: LICENSE, LICENCE.md, COPYING, LICENSE-MIT."""
    name = PurePosixPath(path).name
    return bool(_LICENSE_FILE.fullmatch(name)) and not _CODE_SUFFIX.search(name)


def recognised_license(text: str) -> str | None:
    """Return the SPDX id of a licence text, or the expression of its SPDX line; None if it is not recognised."""
    if declared := declared_license(text):
        return declared
    words = _WORDS.sub(" ", text.lower())
    return next((name for name, phrases in _TEXTS if all(phrase in words for phrase in phrases)), None)


def declared_license(text: str) -> str | None:
    """Return the expression of the SPDX-License-Identifier line at the start of a file, or None."""
    found = _SPDX.search(text[:HEAD_CHARS])
    return found[1].strip().rstrip("-").strip() or None if found else None


def folder_licenses(texts: Mapping[str, str]) -> dict[str, str]:
    """Return folder → licence, from the text of each licence file by path.

    Several licences in one folder apply together (AND); files named after their licence, such as LICENSE-MIT and
    LICENSE-APACHE, are a choice (OR).
    """
    found: dict[str, dict[str, bool]] = {}
    for path, text in sorted(texts.items()):
        if name := recognised_license(text):
            is_choice = "-" in PurePosixPath(path).name
            found.setdefault(str(PurePosixPath(path).parent), {})[name] = is_choice
    return {folder: _joined(names) for folder, names in found.items()}


def license_above(path: str, licenses: Mapping[str, str]) -> str | None:
    """Return the licence of the nearest folder above a file, or None."""
    return next((licenses[str(above)] for above in PurePosixPath(path).parents if str(above) in licenses), None)


def _joined(names: Mapping[str, bool]) -> str:
    operator = " OR " if all(names.values()) else " AND "
    return operator.join(f"({name})" if _is_compound(name, names) else name for name in names)


def _is_compound(name: str, names: Iterable[str]) -> bool:
    return " " in name and len(list(names)) > 1
