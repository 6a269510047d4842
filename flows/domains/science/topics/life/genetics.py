"""Migration and selection at one gene; the second way follows the three genotypes rather than the allele."""

from flows.domains.science.topics.topic import Values


def after_migration(frequency: float, migration_rate: float, source_frequency: float) -> float:
    return (1 - migration_rate) * frequency + migration_rate * source_frequency


def heterozygosity(after_migration: float) -> float:
    return 2 * after_migration * (1 - after_migration)


def mean_fitness(after_migration: float, selection: float, dominance: float) -> float:
    other = 1 - after_migration
    return 1 - 2 * after_migration * other * dominance * selection - other**2 * selection


def after_selection(after_migration: float, selection: float, dominance: float, mean_fitness: float) -> float:
    other = 1 - after_migration
    return after_migration * (after_migration + other * (1 - dominance * selection)) / mean_fitness


def after_generations(after_selection: float, selection: float, dominance: float, generations: int) -> float:
    frequency = after_selection
    for _ in range(generations):
        other = 1 - frequency
        mean = 1 - 2 * frequency * other * dominance * selection - other**2 * selection
        frequency = frequency * (frequency + other * (1 - dominance * selection)) / mean
    return frequency


def carriers(after_generations: float, population: float) -> float:
    return (1 - after_generations**2) * population


def check(given: Values) -> Values:
    """The same by genotypes."""
    rate = given["migration_rate"]
    start = given["frequency"] + rate * (given["source_frequency"] - given["frequency"])
    fitness = (1.0, 1 - given["dominance"] * given["selection"], 1 - given["selection"])
    found, mean = _selected(start, fitness)
    later = found
    for _ in range(given["generations"]):
        later, _ = _selected(later, fitness)
    return {
        "after_migration": start, "heterozygosity": 1 - start**2 - (1 - start) ** 2, "mean_fitness": mean,
        "after_selection": found, "after_generations": later,
        "carriers": given["population"] * (2 * later * (1 - later) + (1 - later) ** 2),
    }  # fmt: skip


def _selected(share: float, fitness: tuple[float, float, float]) -> tuple[float, float]:
    kinds = (share**2, 2 * share * (1 - share), (1 - share) ** 2)
    weighted = [one * other for one, other in zip(kinds, fitness, strict=True)]
    return (weighted[0] + weighted[1] / 2) / sum(weighted), sum(weighted)


STEPS = (after_migration, heterozygosity, mean_fitness, after_selection, after_generations, carriers)
