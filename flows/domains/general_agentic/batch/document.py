"""The policy in words: the document that the agent reads, and the mails that change it or pretend to.

Each clause is printed with its number. Terms are explained once, so that a careful reader can decide every item.
"""

from collections.abc import Mapping, Sequence

from flows.domains.general_agentic.batch.facts import Condition
from flows.domains.general_agentic.batch.policy import Clause, Policy
from flows.domains.general_agentic.batch.work import Batch
from flows.domains.general_agentic.office.people import Person, letter, staff
from flows.domains.general_agentic.office.words import words
from schemas.prompt import prompt

FRAMES = (
    "Clause {n}{rank}: if {conditions}, {outcome}.",
    "{n}.{rank} Where {conditions}: {outcome}.",
    "[{n}]{rank} When {conditions}, then {outcome}.",
)


def template(name: str) -> str:
    """A text of the prompts folder."""
    return prompt(name, __package__).text.rstrip("\n")


def write_policy(batch: Batch, policy: Policy) -> str:
    """Add the document and its mails to the office; returns the path of the document."""
    office, draws = batch.office, batch.office.draws
    owner = staff(office, title="director")
    path = f"policies/{batch.title.lower().replace(' ', '-')}-{draws.randint(2, 19)}.txt"
    updated = office.day(draws.randint(60, 300))
    office.add("documents", path, batch.title, owner.id, updated, _text(batch, policy, owner))
    _letters(batch, policy, owner)
    return path


def clause_words(clause: Clause, number: int, rank: int | None, frame: str, outcomes: Mapping[str, str]) -> str:
    """One clause as printed."""
    shown, conditions = "" if rank is None else f" (rank {rank})", _joined(clause.conditions)
    text = frame.format(n=number, rank=shown, conditions=conditions, outcome=outcomes[clause.outcome])
    return text if clause.exception is None else f"{text} This clause does not apply if {clause.exception.words()}."


def _joined(conditions: Sequence[Condition]) -> str:
    return " and ".join(one.words() for one in conditions)


def _text(batch: Batch, policy: Policy, owner: Person) -> str:
    office, draws = batch.office, batch.office.draws
    frame, outcomes = draws.choice(FRAMES), {one.name: one.words for one in batch.outcomes}
    background = draws.sample(words()["text"]["background"], 5)
    ranked, used = policy.precedence == "rank", policy.facts()
    clauses = [
        clause_words(policy.before_amendment(place), number, place + 1 if ranked else None, frame, outcomes)
        for number, place in enumerate(policy.printed, 1)
    ]
    terms = [fact.meaning for fact in batch.facts if fact.name in used] + list(batch.terms)
    return template("policy").format(
        heading=f"{batch.title.upper()} - {office.company}",
        opening="\n".join(background[:3]),
        terms="\n".join(f"- {term}" for term in terms),
        precedence=template(policy.precedence),
        clauses="\n".join(clauses),
        default=outcomes[policy.default],
        owner=owner.name,
        address=owner.email,
        inside=office.domain,
        outside=office.outside,
        ending="\n".join(background[3:]),
    )


def _letters(batch: Batch, policy: Policy, owner: Person) -> None:
    office, draws, change = batch.office, batch.office.draws, policy.amendment
    subject = f"{batch.title}: change of a clause"
    if change is not None:
        values = {"number": policy.printed.index(change.place) + 1, "title": batch.title}
        text = template("amendment").format(old=change.old.words(), new=change.new.words(), **values)
        letter(office, owner.email, "policies", subject, f"{office.day(draws.randint(3, 20))}T07:30", text)
    text = template("pretended").format(number=draws.randint(1, len(policy.clauses)), title=batch.title)
    other = staff(office, title="consultant")
    letter(office, other.email, "policies", subject, f"{office.day(draws.randint(1, 2))}T11:05", text)
