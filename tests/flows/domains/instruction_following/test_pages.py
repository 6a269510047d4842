"""Briefs of corpus pages: of any language and markup, the same each time, with the licenses of what they show."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random

from flows.domains.contract import Corpus, Draft, Refused
from flows.domains.instruction_following.composing.composers import of_pages
from flows.domains.instruction_following.composing.prove import satisfied
from flows.domains.instruction_following.families.delivery import Delivery
from flows.domains.instruction_following.texts.pages import page_groups
from flows.settings import Tasks
from schemas import Document
from schemas.record import sha256_text
from tests.flows.domains.instruction_following.playing import constraints, texts
from warehouse.connect import connect
from warehouse.lake import Lake, PartName

DAY = date(2026, 1, 2)
WORDS = {
    "en": "the station keeper opens a narrow door before every train and closes it behind the last carriage",
    "de": "der Wärter öffnet vor jedem Zug die schmale Tür und schließt sie über Nacht wieder zu",
    "ru": "смотритель открывает узкую дверь перед каждым поездом и закрывает её после последнего вагона",
    "ar": "يفتح الحارس الباب الضيق قبل كل قطار ثم يغلقه بعد آخر عربة في الليل",
    "zh": "站长 在 每 列 火车 之前 打开 窄门 并 在 最后 一 节 车厢 之后 关上",
}
ODD = "```\n## no heading\n\n{braces} %s | a | b | [link](http://x.example/a_(b)) **bold** `code` \\* \\# \u202e\u200b"


def page(lang: str, number: int) -> Document:
    """A page of a language with headings, odd markup, a list and a table."""
    draws = Random(f"{lang}{number}")
    sections = []
    for place in range(draws.randint(6, 12)):
        prose = " ".join(draws.choice(WORDS[lang].split()) for _ in range(160))
        extra = draws.choice(
            [
                "",
                f"- one {number}\n- two {place}\n- three\n- four",
                "| a | b |\n|---|---|\n| x | 1 |\n| y | 2 |\n| z | 3 |",
            ]
        )
        title = " ".join(draws.sample(WORDS[lang].split(), 3))
        sections.append(f"{'#' * draws.randint(1, 3)} {title} {place}\n\n{prose}\n\n{extra}")
    text = "\n\n".join(["before any heading", *sections, "## odd {x} `y`\n\n" + ODD])
    url, sha256 = f"https://{lang}.example/{number}?q={{}}", sha256_text(text)
    return Document.model_construct(
        doc_id=sha256[:32], url=url, source="web", title=f"{lang} {number}", text=text, links=[], content_sha256=sha256,
        fetched_at=datetime(2026, 1, 1, tzinfo=UTC), status="ok", detail=None, http_status=200, etag=None,
        last_modified=None, license="CC-BY-4.0", lang=lang, n_chars=len(text), warc_file=None, warc_offset=None,
        run_id=DAY.isoformat(),
    )  # fmt: skip


@contextmanager
def corpus(home: Path) -> Iterator[Corpus]:
    """A lake of pages in five languages."""
    lake = Lake(home / "lake")
    if not lake.parts(Document):
        lake.write(Document, [page(lang, n) for lang in WORDS for n in range(4)], PartName(DAY, "pages", 0))
    with connect(lake) as con:
        yield Corpus(con, Tasks(min_page_chars=1), DAY, 8)


def composed(home: Path) -> list[Draft | str]:
    """A draft or a reason of each group."""
    found = list[Draft | str]()
    with corpus(home) as given:
        for group in page_groups(given):
            try:
                found.append(of_pages(group, lambda system, user: ""))
            except Refused as refused:
                found.append(str(refused))
    return found


def test_pages_of_any_language_become_briefs_or_refusals_and_never_a_crash(tmp_path: Path) -> None:
    """One odd page in a corpus of millions must not end a night; the same night gives the same tasks."""
    found = composed(tmp_path)
    made = [one for one in found if isinstance(one, Draft)]
    assert len(made) >= len(found) // 3 > 0, found
    assert found == composed(tmp_path)
    for draft in made:
        known = json.loads(draft.oracle or "{}")
        delivery = Delivery(known["files"], known["message"])
        assert all(satisfied(delivery, one) for one in constraints(draft))
        assert draft.licenses == ["CC-BY-4.0"] * len(texts(draft))
        assert len(draft.evidence) == len(draft.path) == len(texts(draft)) >= 2
