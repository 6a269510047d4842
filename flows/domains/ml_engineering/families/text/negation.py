"""Negation: invented words praise or blame, and half of them are turned round by the word before them."""

import numpy as np

from flows.domains.ml_engineering.families.draws import Draws
from flows.domains.ml_engineering.families.problem import Drawn, Law

CLASSES = ("poor", "mixed", "good")
CORRECT = 0.94
"""Share of labels that follow the text; the others are drawn at random."""


def negation(seed: int) -> Drawn:
    """Reports of four to eight sentences; the class follows the balance of praise and blame."""
    draws = Draws("text", "negation", seed)
    n, tests = draws.whole(1600, 2000), draws.whole(900, 1100)
    week = np.sort(draws.rng.integers(1, 40, n + tests))
    train = week <= week[n]
    words = draws.words(24)
    negators, things = draws.words(3, 1), list(draws.theme["things"])
    reports = [_report(draws, words, negators, things) for _ in range(n + tests)]
    balance = np.array([score for _, score in reports])
    place = np.where(balance <= -2, 0, np.where(balance >= 2, 2, 1))
    chances = np.full((n + tests, 3), (1 - CORRECT) / 3)
    chances[np.arange(n + tests), place] += CORRECT
    law, texts = Law(chances, classes=CLASSES), np.array([text for text, _ in reports])
    columns = {draws["time"]: week, draws["text"]: texts}
    return Drawn(
        {name: values[train] for name, values in columns.items()}
        | {draws["target"]: law.rows(train).sample(draws.rng)},
        {name: values[~train] for name, values in columns.items()},
        law.rows(~train),
        week[~train],
        ("f1_macro",),
        draws.scripts(negators=repr(sorted(negators))),
        draws.theme,
        draws["time"],
    )


def _report(draws: Draws, words: list[str], negators: list[str], things: list[str]) -> tuple[str, int]:
    """A report and its balance: the first half of the words praises."""
    sentences, balance = [], 0
    for _ in range(draws.whole(4, 8)):
        at, turned = draws.whole(0, len(words) - 1), draws.rng.random() < 0.5
        balance += (1 if at < len(words) // 2 else -1) * (-1 if turned else 1)
        word = f"{draws.pick(negators)} {words[at]}" if turned else words[at]
        sentences.append(f"The {draws.pick(things)} {draws.pick(('was', 'seemed', 'stayed'))} {word}.")
    return " ".join(sentences), balance
