"""Types of single settings values, with the messages that refuse invalid ones.

Validation happens on load: a value that fails later would fail in the middle of a night, with a library's message.
"""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from sources.rights.licenses import license_name

MOST = 1_000_000
MEMORY = re.compile(r"(?=.*[1-9])(?:\d+(?:\.\d+)? ?[MGT]i?B|(?:100|\d\d?(?:\.\d+)?) ?%)", re.IGNORECASE)

SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://(?:[^/@]*@)?", re.IGNORECASE)
HOST_AND_PATH = re.compile(r"[\w-]+(?:\.[\w-]+)+(?::\d+)?(?:/\S*)?")


def _memory(text: str) -> str:
    if not MEMORY.fullmatch(text):
        raise ValueError("write a size such as 512MB or 4GB, or a share of all RAM such as 50%")
    return text


def _mirror(text: str) -> str:
    """The address without scheme, as the leakage gate compares it. An empty address would match every page."""
    bare = SCHEME.sub("", text.strip(), count=1).removeprefix("*.")
    if not HOST_AND_PATH.fullmatch(bare):
        raise ValueError("write a host, with the start of a path if need be, such as hf.co/datasets/")
    return bare


Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[int, Field(gt=0)]
Least = Annotated[int, Field(ge=0, le=MOST)]
Seconds = Annotated[float, Field(ge=0)]
Price = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Memory = Annotated[str, AfterValidator(_memory)]
"""A memory limit in DuckDB's syntax."""
Mirror = Annotated[str, AfterValidator(_mirror)]
"""A host, or a host and the start of a path, without the scheme."""
LicenseName = Annotated[str, AfterValidator(license_name)]
"""A license, as an SPDX id if it is given by its address or a usual name."""
