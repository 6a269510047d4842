"""A compound burnt in a calorimeter, from its SMILES; the second way lets RDKit count atoms and weigh them."""

from random import Random

from flows.domains.science.topics.topic import Values

HEADS = ("CC(C)", "CC", "c1ccccc1", "C1CCCCC1", "C1CCCC1", "OC", "NC", "COC", "C=C", "C#C", "CC(=O)")
TAILS = ("C(=O)O", "O", "N", "C(=O)N", "C#N", "C(C)C", "C=O", "OC", "C(=O)OC", "C(O)CO")


def draw(dice: Random) -> dict[str, str]:
    """The compound."""
    return {"smiles": dice.choice(HEADS) + "C" * dice.randint(1, 9) + dice.choice(TAILS)}


def carbon_atoms(smiles: str) -> int:
    return smiles.upper().count("C")


def unsaturation(smiles: str) -> int:
    return smiles.count("=") + 2 * smiles.count("#") + smiles.count("1") // 2 + 3 * (smiles.count("c") // 6)


def hydrogen_atoms(carbon_atoms: int, unsaturation: int, smiles: str) -> int:
    return 2 * carbon_atoms + 2 + smiles.count("N") - 2 * unsaturation


def molar_mass(carbon_atoms: int, hydrogen_atoms: int, smiles: str) -> float:
    nitrogen, oxygen = smiles.count("N"), smiles.count("O")
    return 12.011 * carbon_atoms + 1.008 * hydrogen_atoms + 14.007 * nitrogen + 15.999 * oxygen


def oxygen_per_mole(carbon_atoms: int, hydrogen_atoms: int, smiles: str) -> float:
    return carbon_atoms + hydrogen_atoms / 4 - smiles.count("O") / 2


def heat(sample_mass: float, molar_mass: float, oxygen_per_mole: float, heat_per_oxygen: float) -> float:
    return sample_mass / molar_mass * oxygen_per_mole * heat_per_oxygen


def temperature_rise(heat: float, heat_capacity: float) -> float:
    return heat / heat_capacity


def check(given: Values) -> Values:
    """The same from RDKit's molecule."""
    from rdkit import Chem
    from rdkit.Chem import Descriptors

    molecule = Chem.AddHs(Chem.MolFromSmiles(given["smiles"]))
    symbols = [atom.GetSymbol() for atom in molecule.GetAtoms()]
    counts = {symbol: symbols.count(symbol) for symbol in "CHNO"}
    mass = Descriptors.MolWt(molecule)  # type: ignore[attr-defined]
    oxygen = (4 * counts["C"] + counts["H"] - 2 * counts["O"]) / 4
    released = given["heat_per_oxygen"] * oxygen * (given["sample_mass"] / mass)
    return {
        "carbon_atoms": counts["C"], "hydrogen_atoms": counts["H"], "molar_mass": mass, "oxygen_per_mole": oxygen,
        "unsaturation": (2 * counts["C"] + 2 + counts["N"] - counts["H"]) / 2, "heat": released,
        "temperature_rise": released / given["heat_capacity"],
    }  # fmt: skip


STEPS = (carbon_atoms, unsaturation, hydrogen_atoms, molar_mass, oxygen_per_mole, heat, temperature_rise)
