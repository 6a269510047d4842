"""The composer of chains: draws an office, searches one to six chains of 12 to 40 calls, and proves them minimal."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files

from flows.domains.contract import Composer, Draft, Overlap, Refused, Writer
from flows.domains.general_agentic.chain.minimal import prove_reads, prove_writes
from flows.domains.general_agentic.chain.search import Search
from flows.domains.general_agentic.chain.steps import Step
from flows.domains.general_agentic.chain.world import link_office
from flows.domains.general_agentic.office.noise import injection
from flows.domains.general_agentic.office.office import SERVICES, Office
from flows.domains.general_agentic.proof import goal_json, play_forward, prove_rebuilt
from flows.domains.general_agentic.solution import Part, to_json
from flows.domains.seeds import Seed, seeded
from flows.environments.services.catalogue import OPERATIONS, Offer
from flows.environments.services.environment import Services
from flows.environments.services.setup import Setup
from schemas.record import content_id

NAME, VERSION = "tool_chain", "4"
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
"""Time from which every chain could be made: it needs no source."""
SHORTEST, LONGEST = 12, 40
"""Calls of a chain."""
CHAINS = (1, 2, 4, 6)
"""Chains of a task, which share an office, its records and one numbering of their points."""
VERIFIERS = ("goal_state", "no_collateral", "policy_kept", "user_fidelity")
LONG_TOKENS = 30_000
"""Tokens of the oracle's attempts at the longest tasks, in Qwen3's vocabulary."""


def compose(seed: Seed, writer: Writer) -> Draft:
    """A chain from a seed. Raises Refused."""
    office = Office(seed.seed)
    n_chains = office.draws.choice(CHAINS)
    linked = link_office(office, n_chains)
    for row in office.draws.sample(office.rows["messages"], 2):
        row[6] = f"{row[6]}\n{injection(office)}"
    setup = office.setup(SERVICES)
    world = Services(setup)
    try:
        search = Search(office, linked, world)
        search.run(sum(office.draws.randint(SHORTEST + 4, LONGEST) for _ in range(n_chains)))
    finally:
        world.close()
    instruction = _instruction(office, search.sentences)
    known = f"{search.known}\n{instruction}"
    steps = search.steps
    prove_reads(steps, known)
    if not SHORTEST * n_chains <= len(steps) <= LONGEST * n_chains:
        raise Refused("length")
    draft = _draft(setup, steps, instruction, known)
    return replace(draft, difficulty={"number": seed.number, "n_chains": n_chains, **draft.difficulty})


def _draft(setup: Setup, steps: Sequence[Step], instruction: str, known: str) -> Draft:
    parts = list(_parts(Offer(setup), steps, known))
    world = Services(setup)
    try:
        first, image = world.checkpoint(), world.world.image()
        wanted = play_forward(world, parts)
    finally:
        world.close()
    prove_rebuilt(setup, first)
    prove_writes(setup, image, steps, wanted)
    tool_path = [step.operation for step in steps]
    return Draft(
        instruction,
        None,
        EPOCH,
        difficulty={
            "n_items": steps[-1].thread + 1,
            "n_calls": len(steps),
            "services": sorted(setup.services),
            "tool_path": content_id(*tool_path),
        },
        setup=setup.to_json(),
        goal=goal_json(wanted, sorted({table for name in tool_path for table in OPERATIONS[name].writes})),
        oracle=to_json(parts),
        answer_form="state",
        verifiers=VERIFIERS,
        max_turns=len(steps) * 2 + 20,
    )


def _parts(offer: Offer, steps: Sequence[Step], known: str) -> Iterator[Part]:
    """A part per call; one that reads expects the values that later calls take from it first."""
    seen, later, expects = set[str](), set[str](), list[list[str]]()
    new = []
    for step in steps:
        new.append(step.shows - seen)
        seen |= step.shows
    for step, fresh in zip(reversed(steps), reversed(new), strict=True):
        expects.append(sorted(later & fresh))
        later |= step.needs(known)
    for step, expected in zip(steps, reversed(expects), strict=True):
        shown = [_shown(offer, step)]
        yield Part([], [], shown) if step.writes else Part(shown, expected, [])


def _shown(offer: Offer, step: Step) -> tuple[str, dict[str, object]]:
    return offer.shown(step.operation), offer.arguments(step.operation, step.arguments)


def _instruction(office: Office, sentences: Sequence[str]) -> str:
    draws, said = office.draws, _sentences()
    values_of = {"name": office.name(), "company": office.company, "today": office.today.isoformat()}
    drawn = {
        part: draws.choice(of).format(**values_of, reference=office.fields["reference"]) for part, of in said.items()
    }
    listed = "\n".join(f"{number}. {sentence}" for number, sentence in enumerate(sentences, 1))
    ending = " ".join(drawn[part] for part in ("about", "refused", "closing", "end"))
    return f"{drawn['greeting']} {drawn['order']}\n{listed}\n{ending}"


@cache
def _sentences() -> Mapping[str, Sequence[str]]:
    return tomllib.loads(files(__package__).joinpath("instructions.toml").read_text("utf-8"))


TOOL_CHAIN = Composer(NAME, VERSION, seeded(NAME), compose, tokens=LONG_TOKENS, overlap=Overlap.PROCESSES)
