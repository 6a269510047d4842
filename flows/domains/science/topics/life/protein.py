"""A coding sequence and its protein in solution; the second way is Biopython's analysis of the translation."""

from random import Random

from flows.domains.science.topics.topic import Values

CODONS = tuple(a + b + c for a in "TCAG" for b in "TCAG" for c in "TCAG")
ENDS = {"TAA", "TAG", "TGA"}


def draw(dice: Random) -> dict[str, str]:
    """The coding sequence, with both ends."""
    inner = [dice.choice([one for one in CODONS if one not in ENDS]) for _ in range(dice.randint(70, 130))]
    return {"coding_sequence": "".join(["ATG", *inner, dice.choice(sorted(ENDS))])}


def gc_share(coding_sequence: str) -> float:
    return 100 * sum(coding_sequence.count(base) for base in "GC") / len(coding_sequence)


def residues(coding_sequence: str) -> str:
    bases = "TCAG"
    code = "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"
    places = [[bases.index(base) for base in coding_sequence[at : at + 3]] for at in range(0, len(coding_sequence), 3)]
    return "".join(code[16 * a + 4 * b + c] for a, b, c in places).split("*")[0]


def chain_mass(residues: str) -> float:
    masses = {
        "A": 71.0779, "R": 156.1857, "N": 114.1026, "D": 115.0874, "C": 103.1429, "E": 129.1140, "Q": 128.1292,
        "G": 57.0513, "H": 137.1393, "I": 113.1576, "L": 113.1576, "K": 128.1723, "M": 131.1961, "F": 147.1739,
        "P": 97.1152, "S": 87.0773, "T": 101.1039, "W": 186.2099, "Y": 163.1733, "V": 99.1311,
    }  # fmt: skip
    return sum(masses[one] for one in residues) + 18.0153


def absorption_coefficient(residues: str, tag_absorption: float) -> float:
    own = 5500 * residues.count("W") + 1490 * residues.count("Y") + 125 * (residues.count("C") // 2)
    return own + tag_absorption


def molar_concentration(absorbance: float, dilution: float, absorption_coefficient: float, path_length: float) -> float:
    return absorbance * dilution / (absorption_coefficient * path_length)


def mass_concentration(molar_concentration: float, chain_mass: float, tag_mass: float) -> float:
    return molar_concentration * (chain_mass + tag_mass)


def check(given: Values) -> Values:
    """The same from Biopython."""
    from Bio.Seq import Seq
    from Bio.SeqUtils import gc_fraction
    from Bio.SeqUtils.ProtParam import ProteinAnalysis

    protein = str(Seq(given["coding_sequence"]).translate(to_stop=True))
    known = ProteinAnalysis(protein)
    absorption = known.molar_extinction_coefficient()[1] + given["tag_absorption"]
    molar = given["absorbance"] / given["path_length"] / absorption * given["dilution"]
    return {
        "gc_share": 100 * gc_fraction(given["coding_sequence"]), "residues": protein,
        "chain_mass": known.molecular_weight(), "absorption_coefficient": absorption, "molar_concentration": molar,
        "mass_concentration": molar * known.molecular_weight() + molar * given["tag_mass"],
    }  # fmt: skip


STEPS = (gc_share, residues, chain_mass, absorption_coefficient, molar_concentration, mass_concentration)
