-- one row per candidate pair: turns, of both attempts, in runs that they do not have in common: at least three turns of each in a row
-- between the same counterparts, which share a ninth of their shingles or more. Branches have such runs; turns that a copy dropped or
-- inserted are missing on one side only
with lengths as (
    select attempt, count(*) as turns
    from agent_turns
    group by attempt
),

anchors as (
    select one, other, place, counterpart
    from ordered_counterparts
    where of_one and 9 * share >= 1_000_000
    union all
    select one, other, 0, 0
    from candidate_pairs
    union all
    select one, other, of_one.turns + 1, of_other.turns + 1
    from candidate_pairs
    join lengths as of_one on of_one.attempt = one
    join lengths as of_other on of_other.attempt = other
),

gaps as (
    select
        one,
        other,
        lead(place) over pair - place - 1 as mine,
        lead(counterpart) over pair - counterpart - 1 as theirs
    from anchors
    window pair as (partition by one, other order by place)
)

select one, other, coalesce(sum(mine + theirs) filter (least(mine, theirs) >= 3), 0)::bigint as detour
from gaps
group by one, other
