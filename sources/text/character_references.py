"""Makes XML safe to parse leniently where it refers to halves of a character, as generators that think in UTF-16 write.

`&#xD83D;&#xDE00;` is no XML: a lenient parser keeps the halves, and every text that holds one fails as it is read.
"""

import re

_REFERENCES = re.compile(rb"(?:&#(?:[xX]0*[dD][89A-Fa-f][0-9A-Fa-f]{2}|0*5[5-7][0-9]{3});)+")
_REFERENCE = re.compile(rb"&#(?:[xX]([0-9A-Fa-f]+)|([0-9]+));")


def joined_halves(xml: bytes) -> bytes:
    """Return the XML with one reference in place of two halves of a character, and U+FFFD for a half alone.

    The encoding is one that ASCII is part of; all else is unchanged.
    """
    return _REFERENCES.sub(_joined, xml) if b"&#" in xml else xml


def _joined(found: re.Match[bytes]) -> bytes:
    units = (chr(int(hexadecimal, 16) if hexadecimal else int(n)) for hexadecimal, n in _REFERENCE.findall(found[0]))
    whole = "".join(units).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return b"".join(b"&#x%X;" % ord(character) for character in whole)
