"""reStructuredText that docutils cannot finish: the page keeps its text."""

from sources.text.extract import Layout
from sources.text.formats.extract_format import extract_format


def test_a_document_on_which_docutils_fails_keeps_its_text() -> None:
    """A substitution inside of its own definition lost the whole page, for an error that no author sees."""
    source = "Harbour\n=======\n\nThe gate |opens| at <six>.\n\n.. |opens| replace:: |closes: late| |opens|\n"
    page = extract_format(source.encode(), "text/x-rst", "text/x-rst", "http://a.example/harbour.rst", Layout())
    assert page.status == "ok" and "The gate |opens| at <six>." in page.text.replace("\\", "")
