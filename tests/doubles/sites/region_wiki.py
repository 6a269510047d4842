"""A wiki of regions, towns and rivers, generated from a seed: infoboxes, lists, tables, and prose of made-up words.

Its pages have the shapes that composers over the graph draw from, as many as wanted. It is written into a lake
without a crawl.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from random import Random

from schemas import Document, Link
from schemas.document import doc_id
from schemas.record import sha256_text
from warehouse.lake import Lake, PartName

HOST = "https://regions.example/wiki/"
PER_REGION, REGIONS_PER_PROVINCE = 20, 3
SYLLABLES = ["ba", "den", "kor", "lim", "mar", "nev", "os", "pel", "ri", "sul", "tan", "ul", "vor", "wes", "zan", "gil"]
KINDS = {"Towns": ("Population", "Elevation"), "Rivers": ("Length", "Basin")}
HEADINGS = ["History", "Geography", "Culture", "Economy", "Sights", "Transport", "Nature", "Education", "Sport"]


def write_region_wiki(lake: Lake, day: date, n_pages: int, seed: int = 1, host: str = HOST) -> None:
    """Write about so many pages as one part of documents."""
    lake.write(Document, documents(day, n_pages, seed, host), PartName(day, f"wiki{seed}", 0))


def documents(day: date, n_pages: int, seed: int = 1, host: str = HOST) -> Iterator[Document]:
    """Provinces with a table of their towns, regions with lists, and the pages of towns and rivers."""
    dice = Random(seed)
    words = sorted({_word(dice, 2 + n % 2) for n in range(2_600)})
    n_provinces = max(1, n_pages // ((PER_REGION + 1) * REGIONS_PER_PROVINCE + 1))
    taken = set[str]()
    for _ in range(n_provinces):
        towns: list[tuple[str, int]] = []
        province = _name(dice, taken)
        for _ in range(REGIONS_PER_PROVINCE):
            region, lists = _name(dice, taken), dict[str, list[str]]()
            for kind, labels in KINDS.items():
                lists[kind] = [_name(dice, taken) for _ in range(PER_REGION // 2)]
                for name in lists[kind]:
                    yield _document(day, host, name, _page(dice, words, name, labels, (region, host)), [region])
            towns += [(name, dice.randrange(100, 90_000)) for name in lists["Towns"]]
            text = "\n\n".join([f"# {region}", _prose(dice, words, 2), *(_list(host, *one) for one in lists.items())])
            yield _document(day, host, region, text, [name for some in lists.values() for name in some])
        rows = "\n".join(f"| [{name}]({host}{name}) | {visitors:,} |" for name, visitors in towns)
        table = f"## Visitors\n\n| Town | Visitors |\n| --- | --- |\n{rows}"
        text = f"# {province}\n\n{_prose(dice, words, 2)}\n\n{table}"
        yield _document(day, host, province, text, [name for name, _ in towns])


def _page(dice: Random, words: list[str], name: str, labels: tuple[str, str], region: tuple[str, str]) -> str:
    values = "\n".join(f"| {label} | {dice.randrange(50, 40_000):,} |" for label in labels)
    year = dice.randrange(1200, 1990)
    lead = f"{name} lies in [{region[0]}]({region[1]}{region[0]}). It was first mentioned in {year} by a monk."
    sections = [f"## {one}\n\n{_prose(dice, words, 3)}" for one in dice.sample(HEADINGS, dice.randrange(2, 8))]
    return "\n\n".join([f"# {name}", f"| Fact | Figure |\n| --- | --- |\n{values}", lead, *sections])


def _list(host: str, kind: str, names: list[str]) -> str:
    return f"## {kind}\n\n" + "\n".join(f"- [{name}]({host}{name})" for name in names)


def _prose(dice: Random, words: list[str], paragraphs: int) -> str:
    """Paragraphs of sentences in which some words are far more frequent than others."""
    return "\n\n".join(
        " ".join(
            " ".join(words[int(len(words) * dice.random() ** 2)] for _ in range(12)).capitalize() + "."
            for _ in range(5)
        )
        for _ in range(paragraphs)
    )


def _document(day: date, host: str, name: str, text: str, linked: list[str]) -> Document:
    url = f"{host}{name}"
    columns: dict[str, object] = dict.fromkeys(Document.model_fields)
    own: dict[str, object] = {
        "doc_id": doc_id(url, sha256_text(text)), "url": url, "source": "web", "title": f"{name} - Regions",
        "text": text, "links": [Link(url=f"{host}{one}", anchor=one) for one in linked],
        "content_sha256": sha256_text(text), "license": "CC-BY-SA-4.0", "run_id": day.isoformat(),
        "fetched_at": datetime.combine(day, time(1), UTC), "status": "ok", "n_chars": len(text),
    }  # fmt: skip
    return Document.model_validate(columns | own)


def _word(dice: Random, syllables: int) -> str:
    return "".join(dice.choice(SYLLABLES) for _ in range(syllables + 1))


def _name(dice: Random, taken: set[str]) -> str:
    while (name := _word(dice, 3).capitalize()) in taken:
        pass
    taken.add(name)
    return name
