"""Families of samples: doses, images, surveys, sequences, molecules, stations."""

import numpy as np

from flows.domains.scientific_agentic.families.family import Made, array_file, spoiled, table_file
from flows.domains.scientific_agentic.families.instrument import Instrument


def doses(rng: np.random.Generator, tool: Instrument) -> Made:
    """Wells with ten doses and a saturating effect; some wells hold a bubble."""
    dose = 10.0 ** np.linspace(-2, 2, 10)
    half, bottom, top = 10 ** rng.uniform(-0.6, 0.8), rng.uniform(0.4, 1.5), rng.uniform(5, 9)
    given = np.tile(dose, 3_000)
    true = bottom + (top - bottom) * given / (given + half)
    readings = spoiled(tool.read(true, rng, 0.06), rng, 0.05, tool.gain)
    order = rng.permutation(len(given))
    files = {"wells.csv": table_file({"well": np.arange(len(given)), "dose": given[order], "reading": readings[order]})}
    return Made(files, {"half_dose": half, "bottom": bottom, "top": top})


def image(rng: np.random.Generator, tool: Instrument) -> Made:
    """A stack of frames of one field with round spots, each of its own brightness."""
    size, n_cells = 160, 8
    rows, columns = np.mgrid[:size, :size]
    background, true = rng.uniform(0.4, 1.2), np.zeros((size, size))
    cells = rng.permutation(n_cells**2)[: rng.integers(15, 50)]
    peaks = rng.uniform(2, 6, len(cells)) * rng.uniform(0.7, 1.2)
    for cell, peak in zip(cells, peaks, strict=True):
        row, column = (20 * at + 10 + rng.uniform(-3, 3) for at in divmod(int(cell), n_cells))
        true += peak * np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / (2 * 1.8**2))
    frames = spoiled(tool.read(np.tile(background + true, (24, 1, 1)), rng, 0.06), rng, 0.004, 3 * tool.gain)
    flux = float(peaks.mean() * 2 * np.pi * 1.8**2)
    return Made({"frames.npy": array_file(frames)}, {"spots": len(cells), "mean_flux": flux, "background": background})


def survey(rng: np.random.Generator, tool: Instrument) -> Made:
    """Plots of three soils, drawn unevenly, whose areas weigh them."""
    n, means = 30_000, rng.uniform(1.5, 7, 3)
    soil = rng.choice(3, n, p=rng.dirichlet(np.full(3, 8.0)))
    treated = rng.random(n) < 0.4
    effect, areas = rng.uniform(0.6, 1.6), rng.integers(100, 900, 3)
    true = (means[soil] + effect * treated).clip(0.05) * rng.uniform(0.9, 1.1, n)
    readings = spoiled(tool.read(true, rng, 0.05), rng, 0.02, 2 * tool.gain)
    names = np.array(["clay", "loam", "sand"])
    files = {
        "plots.csv": table_file({"soil": names[soil], "treated": treated.astype(int), "reading": readings}),
        "areas.csv": table_file({"soil": names, "area": areas}),
    }
    mean = float(means @ areas / areas.sum())
    return Made(files, {"untreated_mean": mean, "effect": effect, "best_soil": float(means.max())})


def sequences(rng: np.random.Generator, tool: Instrument) -> Made:
    """Reads, a share of which holds one hidden motif and glows in another strength."""
    n, length, motif_length = 8_000, 60, 8
    bases = rng.integers(0, 4, (n, length))
    motif, share = rng.integers(0, 4, motif_length), rng.uniform(0.1, 0.4)
    bound, plain = rng.uniform(4, 8), rng.uniform(0.6, 2)
    holds = rng.random(n) < share
    starts = rng.integers(0, length - motif_length, n)
    for at in np.flatnonzero(holds):
        bases[at, starts[at] : starts[at] + motif_length] = motif
    true = np.where(holds, bound, plain) * rng.uniform(0.9, 1.1, n)
    readings = spoiled(tool.read(true, rng, 0.05), rng, 0.02, 2 * tool.gain)
    letters = np.array(list("ACGT"))
    reads = ["".join(letters[row]) for row in bases]
    files = {"reads.csv": table_file({"read": np.array(reads), "reading": readings})}
    return Made(files, {"motif_share": float(holds.mean()), "bound": bound, "plain": plain})


def molecules(rng: np.random.Generator, tool: Instrument) -> Made:
    """Molecules as SMILES whose property is a sum over their atoms."""
    n = 12_000
    parts = rng.uniform(0.1, 0.25), rng.uniform(0.5, 1.0), rng.uniform(0.25, 0.5)
    carbons, oxygens, nitrogens = rng.integers(6, 17, n), rng.integers(0, 4, n), rng.integers(0, 3, n)
    true = 0.4 + carbons * parts[0] + oxygens * parts[1] + nitrogens * parts[2]
    texts = ["C(O)" * o + "C(N)" * k + "C" * (c - o - k) for c, o, k in zip(carbons, oxygens, nitrogens, strict=True)]
    readings = spoiled(tool.read(true, rng, 0.06), rng, 0.04, tool.gain)
    files = {"molecules.csv": table_file({"smiles": np.array(texts), "reading": readings})}
    return Made(files, {"carbon": parts[0], "oxygen": parts[1], "nitrogen": parts[2]})


def stations(rng: np.random.Generator, tool: Instrument) -> Made:
    """Stations around a source whose strength falls with distance."""
    places = rng.uniform(-50, 50, (24, 2))
    source, strength = rng.uniform(-30, 30, 2), rng.uniform(60, 180)
    distance = np.hypot(*(places - source).T) + 20
    true = np.tile(strength / distance, (12_000, 1))
    shots = spoiled(tool.read(true, rng, 0.06), rng, 0.03, tool.gain)
    files = {
        "stations.csv": table_file({"east": places[:, 0], "north": places[:, 1]}),
        "shots.npy": array_file(shots),
    }
    return Made(files, {"east": float(source[0]), "north": float(source[1]), "strength": strength})
