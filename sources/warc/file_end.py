"""Recognises a WARC file that ends in the midst of a record, as a download that broke off does.

A reader of records takes such an end for the end of the file: the record that was cut, and all that should follow it,
would be missing without a word.
"""

import re
import zlib
from os import SEEK_END
from typing import BinaryIO

GZIP_MAGIC = b"\x1f\x8b"
MAX_HEADER_BYTES = 128 * 1024
_STEP = 1024 * 1024
_LENGTH = re.compile(rb"\r?\ncontent-length:\s*(\d+)", re.IGNORECASE)
_HEADER_END = re.compile(rb"\r?\n\r?\n")
_GZIP_WINDOW = zlib.MAX_WBITS | 16


def is_cut_off(file: BinaryIO, last: int) -> bool:
    """True if the file is empty, or ends inside the record at byte `last`, the last one found, or inside another."""
    file.seek(last)
    start = file.read(len(GZIP_MAGIC))
    file.seek(last)
    return not start or (_ends_in_member(file) if start == GZIP_MAGIC else _ends_in_record(file, last))


def _ends_in_member(file: BinaryIO) -> bool:
    """True if the last gzip member from here on is not whole; zeros behind it are padding."""
    inflate, rest, is_whole = zlib.decompressobj(_GZIP_WINDOW), b"", True
    while chunk := rest or file.read(_STEP):
        if is_whole and not (chunk := chunk.lstrip(b"\0")):
            rest = b""
            continue
        if is_whole:
            inflate = zlib.decompressobj(_GZIP_WINDOW)
        try:
            inflate.decompress(chunk, _STEP)
        except zlib.error:
            return False  # damage, which reading it reports
        is_whole, rest = inflate.eof, inflate.unused_data if inflate.eof else inflate.unconsumed_tail
    return not is_whole


def _ends_in_record(file: BinaryIO, last: int) -> bool:
    head = file.read(MAX_HEADER_BYTES)
    end = _HEADER_END.search(head)
    length = _LENGTH.search(head, 0, end.end()) if end else None
    if end is None or length is None:
        return True
    behind = last + end.end() + int(length[1])
    if file.seek(0, SEEK_END) < behind:
        return True
    file.seek(behind)
    return bool(file.read(MAX_HEADER_BYTES).strip())
