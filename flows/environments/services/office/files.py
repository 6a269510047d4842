"""The file service: documents in folders, read in parts."""

from typing import Any

from pydantic import Field

from flows.environments.services.operation import Operation, Refusal, Row, Service, statements
from flows.environments.services.world import World
from flows.environments.tool import Arguments

SQL = statements("files")
PART_CHARS = 3_000
"""Characters of one part; parts end at the end of a line."""


class ListFiles(Arguments):
    folder: str | None = Field(None, description="only documents whose path starts with this")
    page: int = Field(1, ge=1, description="page of the list")


class ReadFile(Arguments):
    path: str = Field(description="path of the document")
    part: int = Field(1, ge=1, description="part of the document")


def list_files(world: World, given: Any) -> Row:
    return world.page(SQL["list"], **given.model_dump())


def read_file(world: World, given: Any) -> Row:
    row = world.one(SQL["read"], f"There is no document {given.path}.", path=given.path)
    parts = split(row["text"])
    if given.part > len(parts):
        raise Refusal(f"{given.path} has {len(parts)} parts; there is no part {given.part}.", "empty")
    return {**row, "part": given.part, "parts": len(parts), "text": parts[given.part - 1]}


def split(text: str) -> list[str]:
    """The parts of a document."""
    parts = [""]
    for line in text.splitlines(keepends=True):
        if parts[-1] and len(parts[-1]) + len(line) > PART_CHARS:
            parts.append("")
        parts[-1] += line
    return parts


FILES = Service(
    "files",
    ("documents",),
    (
        Operation("files_list", ListFiles, list_files, ("documents",), names=("folder_list", "documents_find")),
        Operation("file_read", ReadFile, read_file, ("documents",), names=("document_read", "file_open")),
    ),
)
