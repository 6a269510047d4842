"""The composer of batches: draws an office, a policy and items, and refuses a task that fails a check."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from flows.domains.contract import Composer, Draft, Overlap, Refused, Writer
from flows.domains.general_agentic.batch.document import write_policy
from flows.domains.general_agentic.batch.draw_items import draw_items
from flows.domains.general_agentic.batch.instruction import write_instruction
from flows.domains.general_agentic.batch.policy import Policy, draw_policy
from flows.domains.general_agentic.batch.scenarios import SCENARIOS
from flows.domains.general_agentic.batch.solve import solve
from flows.domains.general_agentic.batch.truth import agrees, facts_of_rows
from flows.domains.general_agentic.batch.work import Batch, Item, Scenario
from flows.domains.general_agentic.office.noise import add_noise, injection
from flows.domains.general_agentic.office.office import Office
from flows.domains.general_agentic.office.people import staff
from flows.domains.general_agentic.proof import goal_json, play_forward, prove_order
from flows.domains.general_agentic.solution import calls, to_json
from flows.domains.seeds import Seed, seeded
from flows.environments.services.catalogue import OPERATIONS
from flows.environments.services.environment import Services
from schemas.record import content_id

NAME, VERSION = "batch_under_policy", "3"
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
"""Time from which every batch could be made: it needs no source."""
SIZES = {6: 4, 24: 6, 40: 8}
"""Items of a batch -> clauses of its policy."""
WEIGHTS = (1, 2, 3)
"""How often each size is drawn."""
LARGEST_SHARE = 0.6
"""Share of items that one outcome may have."""
TEXTS = {"ticket_notes": 4, "documents": 4, "messages": 6}
"""Table -> place of the text that may carry an injected instruction."""
VERIFIERS = ("goal_state", "no_collateral", "policy_kept", "user_fidelity")
LONG_TOKENS = 50_000
"""Tokens of the oracle's attempts at the longest tasks, in Qwen3's vocabulary."""


def compose(seed: Seed, writer: Writer) -> Draft:
    """A batch from a seed. Raises Refused."""
    office = Office(seed.seed)
    size = _size(office)
    return compose_batch(office, office.draws.choice(SCENARIOS), size, seed.number)


def knob(seed: Seed) -> str:
    """The number of items that the batch of a seed has."""
    return f"{_size(Office(seed.seed))} items"


def _size(office: Office) -> int:
    return office.draws.choices(list(SIZES), WEIGHTS)[0]


def compose_batch(office: Office, scenario: Scenario, size: int, number: int) -> Draft:
    """A batch of that scenario and size. Raises Refused."""
    boss = staff(office, title="director")
    batch = scenario.open(office)
    office.user.update(batch.asked)
    policy = _policy(batch, SIZES[size])
    items = draw_items(batch, policy, size)
    _prove_policy(policy, items)
    path = write_policy(batch, policy)
    add_noise(office, office.draws.randint(0, 2))
    _inject(office, office.draws.randint(1, 3))
    instruction = write_instruction(batch, boss, path)
    return _draft(scenario, batch, policy, items, path, instruction, number)


def _policy(batch: Batch, n_clauses: int) -> Policy:
    draws = batch.office.draws
    facts = draws.some(batch.facts, min(5, len(batch.facts)), min(7, len(batch.facts)))
    outcomes = [one.name for one in draws.some(batch.outcomes, 4, len(batch.outcomes))]
    return draw_policy(draws, facts, outcomes, n_clauses)


def _prove_policy(policy: Policy, items: Sequence[Item]) -> None:
    decided = [policy.decide(item.values)[1] for item in items]
    if decided != [policy.decide_as_printed(item.values) for item in items]:
        raise Refused("precedence_differs")
    if policy.amendment is not None and decided == [policy.unamended().decide(item.values)[1] for item in items]:
        raise Refused("amendment_idle")
    counts = Counter(decided)
    if len(counts) < 3 or max(counts.values()) > LARGEST_SHARE * len(items):
        raise Refused("few_outcomes")


def _inject(office: Office, count: int) -> None:
    """Append an instruction that must be ignored to some texts; policies are left alone."""
    places = [
        (row, at)
        for table, at in TEXTS.items()
        for row in office.rows[table]
        if not str(row[0]).startswith("policies/") and row[1] != "policies"
    ]
    for row, at in office.draws.sample(places, min(count, len(places))):
        row[at] = f"{row[at]}\n{injection(office)}"


def _draft(  # noqa: PLR0913, PLR0917 (all that a draft is made of)
    scenario: Scenario, batch: Batch, policy: Policy, items: Sequence[Item], path: str, instruction: str, number: int
) -> Draft:
    setup = batch.office.setup(batch.services)
    world = Services(setup)
    try:
        first = world.checkpoint()
        parts = solve(world.offer, batch, policy, items, path)
        _prove_facts(scenario, batch, policy, items, world)
        wanted = play_forward(world, parts)
    finally:
        world.close()
    prove_order(setup, parts, wanted, first)
    tool_path = [_canonical(world, name) for name, _ in calls(parts)]
    watched = {table for name in tool_path for table in OPERATIONS[name].writes}
    return Draft(
        instruction,
        None,
        EPOCH,
        difficulty={
            "number": number,
            "scenario": scenario.name,
            "n_items": len(items),
            "n_calls": len(tool_path),
            "n_clauses": len(policy.clauses),
            "n_outcomes": len({policy.decide(item.values)[1] for item in items}),
            "services": sorted(setup.services),
            "tool_path": content_id(*tool_path),
        },
        setup=setup.to_json(),
        goal=goal_json(wanted, sorted(watched)),
        oracle=to_json(parts),
        answer_form="state",
        verifiers=VERIFIERS,
        max_turns=len(tool_path) * 5 // 4 + 20,
    )


def _prove_facts(scenario: Scenario, batch: Batch, policy: Policy, items: Sequence[Item], world: Services) -> None:
    found = facts_of_rows(scenario, batch, world.world.con)
    if not all(agrees(item.values, found.get(item.id), policy.facts()) for item in items):
        raise Refused("facts_differ")


def _canonical(world: Services, name: str) -> str:
    return world.offer.operations[name].name


BATCH_UNDER_POLICY = Composer(
    NAME, VERSION, seeded(NAME), compose, tokens=LONG_TOKENS, knob=knob, overlap=Overlap.PROCESSES
)
