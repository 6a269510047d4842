-- one row a turn of a work that met another, or whose question is one of a sample of 256 (asked): all its windows
with works_met as (
    select one as work from met
    union
    select other from met
),

asked as (
    select distinct question
    from works
    order by question
    limit 256
),

wanted as materialized (
    select
        work,
        question,
        trajectory_id,
        work in (from works_met) as has_met,
        question in (from asked) as asked
    from works
    where has_met or asked
)

select
    wanted.work,
    wanted.question,
    wanted.has_met,
    wanted.asked,
    (turn.index % 2_147_483_647)::integer as index,
    turn.role = 'assistant' as by_agent,
    turn.windows
from turn_facts as turn
join wanted using (trajectory_id)
where len(turn.windows) > 0
