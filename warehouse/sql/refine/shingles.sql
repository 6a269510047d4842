-- one row a work, turn and window of its text; a turn's anchors and its triples are two units of it, `size` is a unit's
with units as (
    select works.work, works.question, turn.by_agent, 2 * (turn.index % 2147483647) as unit, turn.anchors as windows
    from agent_turns as turn
    join works using (trajectory_id)
    union all
    select works.work, works.question, turn.by_agent, 2 * (turn.index % 2147483647) + 1, turn.triples
    from agent_turns as turn
    join works using (trajectory_id)
)

select
    work,
    question,
    by_agent,
    unit::integer as unit,
    unnest(windows) as shingle
from units
