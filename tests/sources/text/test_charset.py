"""A page must read as in a browser: mojibake is trained on as it is."""

import codecs
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.text.charset import Unreadable, decode
from sources.text.declared_charset import in_header, in_markup
from sources.text.extract import Layout, extract

HTML = "text/html"
LABELS = {
    "utf-8": "utf-8", "UTF8": "utf-8", " unicode-1-1-utf-8 ": "utf-8", "x-unicode20utf8": "utf-8",
    "iso-8859-1": "windows-1252", "latin1": "windows-1252", "us-ascii": "windows-1252", "ANSI_X3.4-1968":
    "windows-1252",
    "iso-8859-9": "windows-1254", "latin5": "windows-1254", "iso-8859-11": "windows-874", "tis-620": "windows-874",
    "dos-874": "windows-874", "gb2312": "gbk", "chinese": "gbk", "gb_2312-80": "gbk", "x-gbk": "gbk",
    "gb18030": "gb18030", "big5": "big5", "big5-hkscs": "big5", "cn-big5": "big5", "x-x-big5": "big5",
    "euc-kr": "euc-kr", "ks_c_5601-1987": "euc-kr", "windows-949": "euc-kr", "korean": "euc-kr",
    "shift_jis": "shift_jis", "ms932": "shift_jis", "windows-31j": "shift_jis", "x-sjis": "shift_jis",
    "x-euc-jp": "euc-jp", "csiso2022jp": "iso-2022-jp", "866": "ibm866", "latin2": "iso-8859-2",
    "arabic": "iso-8859-6", "greek8": "iso-8859-7", "visual": "iso-8859-8", "logical": "iso-8859-8-i",
    "koi": "koi8-r", "koi8-ru": "koi8-u", "mac": "macintosh", "x-cp1251": "windows-1251", "cp1256": "windows-1256",
    "x-mac-ukrainian": "x-mac-cyrillic", "unicode": "utf-16le", "unicodefffe": "utf-16be", "csunicode": "utf-16le",
    "hz-gb-2312": "replacement", "iso-2022-kr": "replacement", "utf-7": None, "base64": None, "": None,
}  # fmt: skip


@pytest.mark.parametrize(("label", "name"), LABELS.items())
def test_a_label_means_what_the_standard_says(label: str, name: str | None) -> None:
    """Else the quotation marks of windows-1252 and half of all Chinese characters are lost."""
    assert in_header(f'text/html; charset="{label}"') == name


@pytest.mark.parametrize(
    ("markup", "name"),
    [
        (b'<meta charset="koi8-r">', "koi8-r"),
        (b"<META\nCHARSET=koi8-r>", "koi8-r"),
        (b"<meta name=x charset = 'koi8-r' / >", "koi8-r"),
        (b'<meta http-equiv="Content-Type" content="text/html; charset=big5">', "big5"),
        (b"<meta content='text/html; charset = \"big5\"' http-equiv=CONTENT-TYPE>", "big5"),
        (b'<meta content="text/html; charset=big5">', None),
        (b'<meta http-equiv=refresh content="1; charset=big5">', None),
        (b"<!-- <meta charset=koi8-r> --><meta charset=big5>", "big5"),
        (b"<!--><meta charset=koi8-r>", "koi8-r"),
        (b'<a title="<meta charset=koi8-r>">', None),
        (b"<?x <meta charset=koi8-r>", None),
        (b"<metadata charset=koi8-r>", None),
        (b"<meta charset=nonsense><meta charset=big5>", "big5"),
        (b"<meta charset=utf-16>", "utf-8"),
        (b"<meta charset=x-user-defined>", "windows-1252"),
        (b'<?xml version="1.0" encoding="koi8-r"?><html>', "koi8-r"),
        (b'<?xml version="1.0" encoding="utf-16"?><html>', "utf-8"),
        (b'<?xml encoding="koi8-r"?><meta charset=big5>', "big5"),
        ('<?xml version="1.0"?><p>'.encode("utf-16-le"), "utf-16le"),
        (b"<style>" + b"a{}" * 1_000 + b"</style><meta charset=koi8-r>", "koi8-r"),
        (b" " * 2_000 + b"<script>'<meta charset=big5>'</script><meta charset=koi8-r>", "koi8-r"),
        (b" " * 2_000 + b"<script>'<meta charset=big5>'", None),
    ],
)
def test_a_declaration_is_found_where_browsers_find_it(markup: bytes, name: str | None) -> None:
    """A declaration in a comment or an attribute counts for nothing; one without quotes counts."""
    assert in_markup(markup, xml_first=False) == name


def test_the_xml_declaration_of_xhtml_comes_first() -> None:
    body = b'<?xml version="1.0" encoding="koi8-r"?><meta charset="big5"/>'
    assert in_markup(body, xml_first=True) == "koi8-r"


RUSSIAN, CHINESE, JAPANESE = "Крепость стоит на берегу реки. ", "城墙建于汉代，长约八百米。", "駅は大正三年に開業した。"


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        (RUSSIAN.encode("koi8-r"), "text/html; charset=koi8-r", RUSSIAN),
        (RUSSIAN.encode("cp1251"), "text/plain; charset=windows-1251", RUSSIAN),
        (b"<meta charset=big5>" + RUSSIAN.encode("koi8-r"), "text/html; charset=koi8-r", RUSSIAN),
        (b"<meta charset=gb2312>" + "镕𠀀".encode("gb18030"), HTML, "镕𠀀"),
        ("联通".encode("gbk"), "text/html; charset=gbk", "联通"),
        (JAPANESE.encode("iso2022_jp"), "text/html; charset=iso-2022-jp", JAPANESE),
        (JAPANESE.encode("cp932"), "text/html; charset=shift_jis", JAPANESE),
        ("…“ok”".encode("cp1252"), "text/html; charset=iso-8859-1", "…“ok”"),
        (CHINESE.encode(), "text/html; charset=iso-8859-1", CHINESE),
        (CHINESE.encode(), "text/html; charset=utf-16le", CHINESE),
        (CHINESE.encode("utf-16-le"), "text/html; charset=utf-16", CHINESE),
        ("<p>plain</p>".encode("utf-16-be"), HTML, "<p>plain</p>"),
        (codecs.BOM_UTF16_BE + CHINESE.encode("utf-16-be"), "text/html; charset=utf-8", CHINESE),
        (b"<meta charset=koi8-r>" + RUSSIAN.encode("koi8-r"), "text/html; charset=utf-8", RUSSIAN),
        (RUSSIAN.encode("cp1251") * 20, HTML, RUSSIAN * 20),
        (b"<meta charset=koi8-r>" + CHINESE.encode(), "text/plain", "<meta charset=koi8-r>" + CHINESE),
    ],
)
def test_a_body_is_read_in_its_encoding(body: bytes, content_type: str, text: str) -> None:
    """Header before markup before guess; bytes that disprove a declaration win."""
    assert decode(body, content_type).text.endswith(text)


@pytest.mark.parametrize("content_type", ["text/html; charset=utf-8", HTML])
def test_one_bad_byte_costs_one_character(content_type: str) -> None:
    """Not the whole page, and not without a word: the document's detail counts it."""
    whole = "<title>Größe</title><p>Die Größe der Brücke in Köln ist größer als die der Fähre.</p>" * 4
    body = whole.encode().replace("Köln".encode(), b"K\xf6ln", 1)
    page = extract(body, HTML, content_type, "http://a.test/", Layout())
    assert page.title == "Größe" and "K\ufffdln" in page.text and "Brücke" in page.text
    assert page.detail == "1 undecodable as utf-8"


def test_where_a_charset_is_declared_nothing_is_guessed() -> None:
    """A guess among single-byte encodings is often wrong, and reads as text to every later gate."""
    page = extract((RUSSIAN * 20).encode("cp1251"), HTML, "text/html; charset=utf-8", "http://a.test/", Layout())
    assert page.status == "bad_encoding" and page.text == ""
    assert re.fullmatch(r"charset_mismatch: \d+ of \d+ characters are not text in utf-8", page.detail or "")


@pytest.mark.parametrize(
    ("body", "content_type", "reason"),
    [
        (bytes(range(256)) * 50, "text/html; charset=utf-8", "not text in utf-8"),
        (b"~{VPND~}", "text/html; charset=hz-gb-2312", "browsers refuse"),
    ],
)
def test_what_is_no_text_says_why(body: bytes, content_type: str, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        decode(body, content_type)


@settings(deadline=None)
@given(st.binary(max_size=3_000), st.sampled_from(sorted(LABELS)))
def test_any_bytes_are_decoded_or_refused(body: bytes, label: str) -> None:
    """A text of a page must be storable as UTF-8, whatever a server sends."""
    for start in (b"", b"<meta charset=" + label.encode() + b">", b"<?xml encoding='"):
        try:
            decode(start + body, f"text/html; charset={label}").text.encode()
        except Unreadable:
            continue


@settings(deadline=None)
@given(st.text("<!-meta charset='\"=/>x\n", max_size=4_000))
def test_hostile_markup_is_scanned_to_an_end(markup: str) -> None:
    """A scan that does not end would hold a worker for its whole allowance."""
    assert in_markup(markup.encode(), xml_first=False) is None or "charset" in markup
