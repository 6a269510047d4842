"""Families of signals over time or wavelength, from spectra to rates at several temperatures."""

import numpy as np

from flows.domains.scientific_agentic.families.family import Made, array_file, spoiled, table_file
from flows.domains.scientific_agentic.families.instrument import Instrument


def spectrum(rng: np.random.Generator, tool: Instrument) -> Made:
    """Scans of one line above a sloping background, some points hit by spikes."""
    wave = np.linspace(400, 700, 600)
    centre, width, height = rng.uniform(480, 620), rng.uniform(9, 25), rng.uniform(2, 7)
    true = rng.uniform(0.3, 1) + rng.uniform(0, 0.6) * (wave - 400) / 300
    true = true + height * np.exp(-((wave - centre) ** 2) / (2 * width**2))
    scans = spoiled(tool.read(np.tile(true, (450, 1)), rng, 0.04), rng, 0.02, tool.gain)
    files = {"wavelengths.npy": array_file(wave), "scans.npy": array_file(scans)}
    return Made(files, {"centre": centre, "width": width, "height": height})


def decay(rng: np.random.Generator, tool: Instrument) -> Made:
    """Traces of one exponential above a constant background."""
    time = np.linspace(0, 50, 500)
    lifetime, amplitude, background = rng.uniform(2, 8), rng.uniform(3, 8), rng.uniform(0.3, 1.2)
    true = background + amplitude * np.exp(-time / lifetime)
    traces = spoiled(tool.read(np.tile(true, (600, 1)), rng, 0.05), rng, 0.03, tool.gain)
    files = {"times.npy": array_file(time), "traces.npy": array_file(traces)}
    return Made(files, {"lifetime": lifetime, "amplitude": amplitude, "background": background})


def oscillation(rng: np.random.Generator, tool: Instrument) -> Made:
    """A sine with gaps in its record."""
    n = 40_000
    time, period = np.arange(n) * 0.05, rng.uniform(6, 30)
    level, amplitude = rng.uniform(3, 5), rng.uniform(0.8, 2.2)
    true = level + amplitude * np.sin(2 * np.pi * time / period + rng.uniform(0, 6))
    kept = (np.sin(time / rng.uniform(40, 90)) > -0.6) & (rng.random(n) > 0.1)
    readings = spoiled(tool.read(true, rng, 0.1), rng, 0.01, 2 * tool.gain)
    files = {"series.csv": table_file({"time": time[kept], "reading": readings[kept]})}
    return Made(files, {"period": period, "amplitude": amplitude, "level": level})


def transit(rng: np.random.Generator, tool: Instrument) -> Made:
    """A star that a planet dims for a while in each period."""
    time = np.arange(30_000) * 0.02
    period, depth, duration, level = rng.uniform(8, 30), rng.uniform(0.4, 1.0), rng.uniform(0.5, 1.2), rng.uniform(5, 8)
    phase = (time - rng.uniform(0, period)) % period
    readings = tool.read(np.where(phase < duration, level - depth, level), rng, 0.02)
    files = {"light_curve.csv": table_file({"time": time, "reading": readings})}
    return Made(files, {"period": period, "depth": depth, "level": level})


def growth(rng: np.random.Generator, tool: Instrument) -> Made:
    """Cultures that grow by the logistic law from a small start."""
    time = np.linspace(0, 30, 400)
    rate, capacity, start = rng.uniform(0.4, 0.9), rng.uniform(4, 9), rng.uniform(0.02, 0.1)
    true = capacity / (1 + (capacity / start - 1) * np.exp(-rate * time))
    wells = spoiled(tool.read(np.tile(true, (700, 1)), rng, 0.04), rng, 0.03, tool.gain)
    files = {"hours.npy": array_file(time), "wells.npy": array_file(wells)}
    return Made(files, {"rate": rate, "capacity": capacity, "half_time": np.log(capacity / start - 1) / rate})


def temperatures(rng: np.random.Generator, tool: Instrument) -> Made:
    """First-order decays at five temperatures, whose rates follow Arrhenius."""
    kelvin, time = np.array([290.0, 300.0, 310.0, 320.0, 330.0]), np.linspace(0, 40, 300)
    energy, middle, start = rng.uniform(25e3, 55e3), rng.uniform(0.04, 0.12), rng.uniform(5, 9)
    rates = middle * np.exp(-energy / 8.314462618 * (1 / kelvin - 1 / 310))
    true = start * np.exp(-rates[:, None] * time)
    runs = spoiled(tool.read(np.repeat(true[:, None, :], 200, axis=1), rng, 0.04), rng, 0.02, tool.gain)
    files = {"kelvin.npy": array_file(kelvin), "times.npy": array_file(time), "runs.npy": array_file(runs)}
    return Made(files, {"energy": energy / 1000, "middle_rate": middle, "start": start})
