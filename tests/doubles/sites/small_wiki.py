"""A small wiki about an invented archipelago: linked pages of prose, written into a lake without a crawl.

Sixty pages (islands, lighthouses, keepers), each with facts that no other page contains. As in a real crawl there are
also a page of links only, a page of one sentence, and a url that failed. The pages are the same every time.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from itertools import product

from schemas import Document, Link, sha256_text
from schemas.document import doc_id
from warehouse.lake import Lake, PartName

HOST = "http://wiki.test"
N_EACH = 20
ISLANDS = [a + b for a, b in product(("Var", "Hol", "Sken", "Tor", "Mel"), ("nay", "msey", "dra", "voe"))]
LIGHTS = [a + b for a, b in product(("Ash", "Bram", "Corr", "Dun", "Elk"), ("ness", "holm", "brae", "skerry"))]
FIRST = ("Ada", "Bertil", "Clara", "Dagny", "Edvin", "Freya", "Gustav", "Hedda", "Ivar", "Johanna")
LAST = ("Lindqvist", "Marwick", "Nansen", "Oldfield", "Petrie", "Quill", "Rendall", "Sinclair", "Tulloch", "Unst")
STONE = ("red sandstone", "grey granite", "black basalt", "white limestone", "green serpentine")
TRADE = ("herring", "kelp", "wool", "slate", "salted cod", "barley", "oysters", "peat", "amber", "rope")
BIRD = ("puffins", "gannets", "razorbills", "fulmars", "eider ducks", "curlews", "guillemots", "petrels")
BOAT = ("sloop", "ketch", "schooner", "brig", "cutter", "yawl", "barque")


def keeper_of(i: int) -> str:
    return f"{FIRST[i % 10]} {LAST[(i * 3 + i // 10) % 10]}"


def address(kind: str, i: int) -> str:
    return f"{HOST}/{kind}/{i % N_EACH}"


def _link(kind: str, i: int) -> Link:
    i %= N_EACH
    title = {"island": ISLANDS[i], "light": f"{LIGHTS[i]} Lighthouse", "keeper": keeper_of(i)}[kind]
    return Link(url=address(kind, i), anchor=title)


def _inline(link: Link) -> str:
    return f"[{link.anchor}]({link.url})"


def _island(i: int) -> tuple[str, str, list[Link]]:
    name, links = ISLANDS[i], [_link("light", i), _link("island", i + 1), _link("keeper", i + 7)]
    text = f"""# {name}

{name} is an island of {40 + i * 13} square kilometres in the outer Halden archipelago. The cliffs on its western
shore are made of {STONE[i % 5]} and rise {110 + i * 17} metres above the sea. About {300 + i * 41} people lived
there at the census of {1901 + i}, most of them in the harbour village of {LAST[i % 10]}wick.

## Trade and wildlife

The islanders sold {TRADE[i % 10]} and {TRADE[(i + 3) % 10]} to merchants who came from the mainland every
{("March", "April", "May", "June", "September")[i % 5]}. A colony of {BIRD[i % 8]} counted {1200 + i * 211} breeding
pairs when it was last surveyed. Ships are guided past the northern reef by {_inline(links[0])}, and a ferry leaves
twice a week for {_inline(links[1])}. The local school was founded by {_inline(links[2])}, who gave it {90 + i * 7}
books and a brass telescope.
"""
    return name, text, links


def _light(i: int) -> tuple[str, str, list[Link]]:
    name, links = f"{LIGHTS[i]} Lighthouse", [_link("island", i), _link("keeper", i), _link("light", i + 3)]
    text = f"""# {name}

{name} was first lit on {1 + i} November {1831 + i * 4} and stands {21 + i} metres tall on the reef of
{_inline(links[0])}. Its lamp burned {("whale oil", "colza oil", "paraffin", "acetylene gas")[i % 4]} until a
dynamo of {3 + i} kilowatts was brought ashore in {1902 + i * 2}. The lens was ground in the glassworks of
{LAST[(i + 4) % 10]}borg and shows {2 + i % 5} flashes every {8 + i} seconds.

## Wrecks

The {BOAT[i % 7]} *{FIRST[(i + 5) % 10]} of {ISLANDS[(i + 9) % N_EACH]}* struck the rocks below the tower in
{1850 + i * 3} with {30 + i * 5} barrels of {TRADE[(i + 6) % 10]} on board. After that night {_inline(links[1])} kept
a second fire burning on the beach. On clear evenings the beam of {_inline(links[2])} can be seen from the gallery.
"""
    return name, text, links


def _keeper(i: int) -> tuple[str, str, list[Link]]:
    name, links = keeper_of(i), [_link("light", i), _link("keeper", i + 1), _link("island", i + 11)]
    text = f"""# {name}

{name} was born in {1808 + i * 5} as the {("second", "third", "fourth", "fifth", "sixth")[i % 5]} child of a
{("cooper", "sailmaker", "weaver", "blacksmith")[i % 4]} from {ISLANDS[(i + 13) % N_EACH]}. For {12 + i} years the
keeper wrote down the weather every morning, and the {60 + i * 3} notebooks are held by the museum in
{LAST[(i + 2) % 10]}haven. A barometer with a dial of {STONE[(i + 2) % 5]} was the only thing carried off on
leaving the service.

## Service

The first post was at {_inline(links[0])}, for a wage of {14 + i} silver crowns a month. Letters to
{_inline(links[1])} describe how {BIRD[(i + 3) % 8]} broke {3 + i} panes of the lantern in a single storm.
The last years were spent on {_inline(links[2])}, growing {TRADE[(i + 5) % 10]} in a walled garden of {200 + i * 9}
paces.
"""
    return name, text, links


def _index() -> tuple[str, str, list[Link]]:
    links = [_link(kind, i) for kind in ("island", "light", "keeper") for i in range(N_EACH)]
    return "All pages", "# All pages\n\n" + "\n".join(f"- {_inline(link)}" for link in links) + "\n", links


def _pages() -> Iterator[tuple[str, str, str, list[Link]]]:
    yield f"{HOST}/", *_index()
    yield f"{HOST}/stub", "Stub", "# Stub\n\nNothing here yet.\n", [_link("island", 0)]
    for i in range(N_EACH):
        yield address("island", i), *_island(i)
        yield address("light", i), *_light(i)
        yield address("keeper", i), *_keeper(i)


def documents(day: date) -> Iterator[Document]:
    """The documents of a crawl of the wiki on a day: 62 pages and one failed url."""
    for url, title, text, links in _pages():
        yield _document(day, url, title, text, links)
    yield _document(day, f"{HOST}/gone", None, None, [])


def _document(day: date, url: str, title: str | None, text: str | None, links: list[Link]) -> Document:
    sha256 = sha256_text(text) if text else None
    return Document(
        doc_id=doc_id(url, sha256),
        url=url,
        source="web",
        title=title,
        text=text,
        links=links,
        content_sha256=sha256,
        fetched_at=datetime.combine(day, time(2), UTC),
        status="ok" if text else "http_404",
        detail=None if text else "the server answered 404",
        http_status=200 if text else 404,
        etag=None,
        last_modified=None,
        license="CC0-1.0",
        lang="en",
        n_chars=len(text or ""),
        warc_file=None,
        warc_offset=None,
        run_id=day.isoformat(),
    )


def write_small_wiki(lake: Lake, day: date) -> None:
    """Write the wiki into the lake as one part of documents."""
    lake.write(Document, documents(day), PartName(day, "small-wiki", 0))
