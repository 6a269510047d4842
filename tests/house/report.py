"""`python -m tests.house.report [PATH] [--top N]`: prints the measures of prose and shape, with the worst places.

PATH limits the report to a folder or file, such as `flows/refine`. N is the number of places per list (default 30).
"""

import argparse
import re
import signal

from tests.house import shape, voice
from tests.house.places import room, under
from tests.house.prose import KINDS, Passage, passages


def main() -> None:
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` ends the report quietly
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", nargs="?", default="", help="a folder or file, such as flows/refine")
    parser.add_argument("--top", type=int, default=30, help="places per list")
    options = parser.parse_args()
    prefix = options.path.rstrip("/")
    chosen = [passage for passage in passages() if under(passage.path, prefix)]
    _rates(chosen)
    _worst("verbs of hearsay", voice.HEARSAY, chosen, options.top)
    _worst("what/who clauses", voice.WHAT_CLAUSE, chosen, options.top)
    _list("docstrings that open with What, Who, Whether, Those", voice.openings(chosen), options.top)
    _list('"one row a"', voice.old_grains(chosen), options.top)
    _list("SQL without a grain line", [path for path in voice.without_grain() if under(path, prefix)], options.top)
    _shape(prefix, options.top)


def _rates(chosen: list[Passage]) -> None:
    print("hearsay and what/who clauses per 1,000 words")
    print(f"{'':24}" + "".join(f"{kind:>20}" for kind in KINDS))
    rooms = sorted({room(passage.path) for passage in chosen})
    for label in [*rooms, "all"]:
        cells = list[str]()
        for kind in KINDS:
            part = [p for p in chosen if p.kind == kind and (label == "all" or room(p.path) == label)]
            rates = f"{voice.rate(voice.HEARSAY, part):.1f} {voice.rate(voice.WHAT_CLAUSE, part):.1f}"
            cells.append(f"{rates if part else '':>20}")
        print(f"{label:24}" + "".join(cells))


def _worst(title: str, measure: re.Pattern[str], chosen: list[Passage], top: int) -> None:
    found = voice.hits(measure, chosen)
    _list(title, [f"{hit} [{hit.passage.kind}]" for hit in found], top)


def _list(title: str, lines: list[str], top: int) -> None:
    print(f"\n{title}: {len(lines)} places")
    print("\n".join(f"  {line}" for line in lines[:top]))


def _shape(prefix: str, top: int) -> None:
    for title, sizes in (("modules", shape.modules(prefix)), ("functions", shape.functions(prefix))):
        print(f"\nlines of {title}: median {sizes.median:g}, p90 {sizes.p90}, max {sizes.max}; the longest:")
        print("\n".join(f"  {lines:4} {place}" for lines, place in sizes.places[: -min(top, 10) - 1 : -1]))
    print("\nfiles per folder (README.md and __init__.py not counted; without * no Python):")
    for count, folder, code in shape.folder_counts(prefix)[: min(top, 20)]:
        print(f"  {count:4} {folder}{' *' if code else ''}")
    _list("rooms without README.md", [path for path in shape.rooms_without_readme() if under(path, prefix)], top)
    _list("names without meaning", [path for path in shape.forbidden_names() if under(path, prefix)], top)
    _list("circles among siblings, whole repository", shape.room_cycles(), top)


if __name__ == "__main__":
    main()
