"""Small real PDF and EPUB files, written by their formats' own rules."""

import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

Placed = tuple[int, int, int, str]
"""(left, bottom, font size, text), in points"""

CONTAINER = """<?xml version="1.0"?><container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>"""
PACKAGE = """<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Lighthouses</dc:title><dc:language>en</dc:language>
<dc:rights>CC-BY-4.0</dc:rights></metadata>
<manifest>{items}</manifest><spine>{order}</spine></package>"""


def pdf(pages: Iterable[Iterable[Placed]], *, encrypted: bool = False) -> bytes:
    """Return a PDF with these lines on its pages, in Helvetica."""
    contents = [_content(lines) for lines in pages]
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(contents)))
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", f"<< /Type /Pages /Kids [{kids}] /Count {len(contents)} >>"]
    objects.append("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    for n, content in enumerate(contents):
        resources = "/Resources << /Font << /F1 3 0 R >> >>"
        objects.append(f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] {resources} /Contents {5 + 2 * n} 0 R >>")
        objects.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
    lock = (
        "/ID [<00112233445566778899aabbccddeeff> <00>] /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <%s> /U <%s> >>"
    )
    return _file(objects, lock % ("ab" * 32, "cd" * 32) if encrypted else "")


def _content(lines: Iterable[Placed]) -> str:
    shown = (text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)") for *_, text in lines)
    places = zip(lines, shown, strict=True)
    return "\n".join(f"BT /F1 {size} Tf {left} {bottom} Td ({text}) Tj ET" for (left, bottom, size, _), text in places)


def _file(objects: list[str], trailer: str) -> bytes:
    out, offsets = b"%PDF-1.4\n", list[int]()
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    head = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    end = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R {trailer} >>\nstartxref\n{len(out)}\n%%EOF\n"
    return out + head.encode() + end.encode()


def epub(path: Path, chapters: Mapping[str, str], *, more: Mapping[str, str] | None = None) -> None:
    """Write an EPUB with these chapters (name -> body) in this order, and further files."""
    items = "".join(
        f'<item id="c{n}" href="{name}" media-type="application/xhtml+xml"/>' for n, name in enumerate(chapters)
    )
    order = "".join(f'<itemref idref="c{n}"/>' for n in range(len(chapters)))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("mimetype", "application/epub+zip")
        file.writestr("META-INF/container.xml", CONTAINER)
        file.writestr("OEBPS/book.opf", PACKAGE.format(items=items, order=order))
        for name, body in chapters.items():
            page = f'<html xmlns="http://www.w3.org/1999/xhtml"><head><title>{name}</title></head><body>{body}</body></html>'
            file.writestr(f"OEBPS/{name}", page)
        for name, content in (more or {}).items():
            file.writestr(name, content)
