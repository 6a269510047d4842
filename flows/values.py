"""What single values of the settings may be, and the words in which others are refused.

A value that only fails where it is used fails in the middle of a night, in the words of a library.
"""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

MOST = 1_000_000
MEMORY = re.compile(r"(?=.*[1-9])(?:\d+(?:\.\d+)? ?[MGT]i?B|(?:100|\d\d?(?:\.\d+)?) ?%)", re.IGNORECASE)


def _memory(text: str) -> str:
    if not MEMORY.fullmatch(text):
        raise ValueError("write a size such as 512MB or 4GB, or a share of all RAM such as 50%")
    return text


Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[int, Field(gt=0)]
Least = Annotated[int, Field(ge=0, le=MOST)]
Seconds = Annotated[float, Field(ge=0)]
Memory = Annotated[str, AfterValidator(_memory)]
"""Memory as DuckDB takes it."""
