"""A circular plasmid cut by an enzyme; the second way cuts it with Biopython's enzymes."""

from random import Random

from flows.domains.science.topics.topic import Values

SITES = {
    "EcoRI": "GAATTC",
    "BamHI": "GGATCC",
    "HindIII": "AAGCTT",
    "XhoI": "CTCGAG",
    "NdeI": "CATATG",
    "SacI": "GAGCTC",
}


def draw(dice: Random) -> dict[str, str]:
    """The enzyme, and a sequence with three to six of its sites."""
    enzyme = dice.choice(sorted(SITES))
    count, parts = dice.randint(3, 6), list[str]()
    for _ in range(count):
        parts += ["".join(dice.choices("ACGT", k=dice.randint(60, 190))), SITES[enzyme]]
    return {"enzyme": enzyme, "plasmid": "".join(parts)}


def cut_positions(plasmid: str, enzyme: str) -> str:
    site = {
        "EcoRI": "GAATTC", "BamHI": "GGATCC", "HindIII": "AAGCTT", "XhoI": "CTCGAG", "NdeI": "CATATG", "SacI": "GAGCTC",
    }[enzyme]  # fmt: skip
    ring = plasmid + plasmid[: len(site) - 1]
    return " ".join(str(at) for at in range(len(plasmid)) if ring.startswith(site, at))


def fragments(cut_positions: str) -> int:
    return len(cut_positions.split())


def longest_fragment(cut_positions: str, plasmid: str) -> int:
    places = [int(one) for one in cut_positions.split()]
    turns = [*places[1:], places[0] + len(plasmid)]
    return max(end - start for start, end in zip(places, turns, strict=True))


def fragment_mass(longest_fragment: int, pair_mass: float) -> float:
    return longest_fragment * pair_mass + 36.04


def plasmid_amount(plasmid_mass: float, plasmid: str, pair_mass: float) -> float:
    return plasmid_mass / (len(plasmid) * pair_mass)


def fragment_yield(plasmid_amount: float, digested_share: float, fragment_mass: float, recovery: float) -> float:
    return plasmid_amount * digested_share / 100 * fragment_mass * recovery / 100


def check(given: Values) -> Values:
    """The same from Biopython's restriction enzymes."""
    from Bio import Restriction
    from Bio.Seq import Seq

    enzyme, ring = getattr(Restriction, given["enzyme"]), Seq(given["plasmid"])
    offset = enzyme.fst5
    places = sorted((at - 1 - offset) % len(ring) for at in enzyme.search(ring, linear=False))
    lengths = [len(one) for one in enzyme.catalyze(ring, linear=False)]
    mass = max(lengths) * given["pair_mass"] + 36.04
    amount = given["plasmid_mass"] / given["pair_mass"] / len(ring)
    return {
        "cut_positions": " ".join(map(str, places)), "fragments": len(lengths), "longest_fragment": max(lengths),
        "fragment_mass": mass, "plasmid_amount": amount,
        "fragment_yield": amount * mass * given["digested_share"] * given["recovery"] / 10_000,
    }  # fmt: skip


STEPS = (cut_positions, fragments, longest_fragment, fragment_mass, plasmid_amount, fragment_yield)
