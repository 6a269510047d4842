"""The language of a document decides what can be made of it; templates declare it wrongly."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources import language_model
from sources.languages import document_language, language_tag, script_language

CHINESE = "河上的这座古老的石桥是由当地的工匠们在一八六二年主持修建的，至今仍然完好。" * 4
RUSSIAN = "Старый мост через реку был построен в прошлом веке, и его автор жил рядом с площадью. " * 4
UKRAINIAN = "Старий міст через річку збудували у минулому столітті, і його автор жив поруч із площею. " * 4
ENGLISH = "The old bridge over the river was built in the last century, and its author lived beside the square. " * 4
GERMAN = "Die alte Brücke über den Fluss wurde im letzten Jahrhundert gebaut, und ihr Erbauer wohnte am Platz. " * 4


@pytest.mark.parametrize(
    ("declared", "tag"),
    [("zh_hant_tw", "zh-Hant-TW"), ("EN", "en"), (" de-at ", "de-AT"), ("eng", "en"), ("iw", "he"),
     ("sr-latn", "sr-Latn"),
     ("en-US, de", "en-US"), ("english", None), ("{{ lang }}", None), ("", None), ("und", None), ("x-default", None)],
)  # fmt: skip
def test_a_tag_has_one_form(declared: str, tag: str | None) -> None:
    """Else `zh-cn`, `zh_CN` and `ZH` are three languages in every count."""
    assert language_tag(declared) == tag


@pytest.mark.parametrize(
    ("declared", "text", "language"),
    [("en", CHINESE, "zh"), ("zh-Hans", CHINESE, "zh-Hans"), (None, CHINESE, "zh"), ("en-US", RUSSIAN, "ru"),
     (None, UKRAINIAN, "uk"), ("uk", UKRAINIAN, "uk"), ("ru", ENGLISH, "en"), (None, GERMAN, "de"),
     ("de-AT", GERMAN, "de-AT"),
     ("jp", "駅はこの町の中心にあり、人々の暮らしを支えている。" * 5, "ja"),
     ("sr-Latn", "Stari most preko reke je u gradu. " * 9, "sr-Latn"),
     ("sr", RUSSIAN, "sr"), ("de", "Kurz", "de"), (None, "Kurz", None), (None, "", None), (None, "`code` " * 90, None)],
)  # fmt: skip
def test_the_script_corrects_a_wrong_declaration(declared: str | None, text: str, language: str | None) -> None:
    assert document_language(declared, text) == language


@settings(deadline=None)
@given(st.text(max_size=400), st.none() | st.text(max_size=20))
def test_any_text_has_a_language_or_none(text: str, declared: str | None) -> None:
    """A page must not be lost to a letter of an unknown script."""
    found = document_language(declared, text)
    assert script_language(text) and (found is None or language_tag(found) == found)


def test_the_statistics_are_unpacked_once_and_say_the_same_where_nothing_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A home that is read-only, or two crawls that start at once, would else change or stop a crawl."""
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setattr(language_model, "CACHE", tmp_path / "file" / "languages")
    without = language_model.load_identifier().classify(GERMAN)
    monkeypatch.setattr(language_model, "CACHE", tmp_path / "languages")
    with ThreadPoolExecutor(2) as both:
        found = list(both.map(lambda _: language_model.load_identifier().classify(GERMAN), range(2)))
    assert [*found, language_model.load_identifier().classify(GERMAN)] == [without] * 3
    assert len(list((tmp_path / "languages").iterdir())) == 1
