"""Verifiers of task folders: the reward that the hidden test script wrote, from the rows alone."""

import json

from flows.domains.contract import Finished, Judgement, Verifier

PASS = 1.0
"""The reward from which a task counts as solved, as in Harbor's own tables of results."""


def tests_reward(attempt: Finished) -> Judgement:
    """Passes at the full reward; the score is the reward, at most 1. `no_reward` if the script wrote none."""
    if attempt.outcome is None:
        return Judgement("no_outcome")
    checks = json.loads(attempt.outcome.checks)
    reward = checks.get("reward")
    if reward is None:
        return Judgement(f"tests_limit_{checks['tests_limit']}" if checks.get("tests_limit") else "no_reward", 0.0)
    score = min(1.0, max(0.0, float(reward)))
    return Judgement("ok" if reward >= PASS else "tests_failed", score)


TESTS_REWARD = Verifier("tests_reward", "1", tests_reward)
