-- one row per candidate pair: the shorter attempt's shares of shingles and of turns that the other has in order, and the longest detour
with lengths as (
    select attempt, any_value(question) as question, count(*) as turns
    from agent_turns
    group by attempt
),

-- a seventh of the shingles in common makes a counterpart: with 30 % of the words edited a third remain, plus or minus a sixth
sides as (
    select
        counterparts.one,
        counterparts.other,
        counterparts.of_one,
        any_value(lengths.turns) as turns,
        sum(share) as shared,
        sum(least(1_000_000, 7 * share)) as matched
    from ordered_counterparts as counterparts
    join lengths on lengths.attempt = if(counterparts.of_one, counterparts.one, counterparts.other)
    group by counterparts.one, counterparts.other, counterparts.of_one
),

shorter as (
    select *
    from sides
    qualify row_number() over (partition by one, other order by turns, matched, shared, of_one) = 1
),

questions as (
    select
        shorter.one,
        shorter.other,
        bool_or(len(list_intersect(mine.shingles, theirs.shingles)) >= 0.2 * greatest(len(mine.shingles), len(theirs.shingles), 1)) as same
    from shorter
    join informative_shingles as mine on mine.attempt = shorter.one and not mine.by_agent
    join informative_shingles as theirs on theirs.attempt = shorter.other and not theirs.by_agent
    group by shorter.one, shorter.other
)

select
    shorter.one,
    shorter.other,
    shorter.shared / 1_000_000 / shorter.turns as similarity,
    shorter.matched / 1_000_000 / shorter.turns as counterpart_share,
    detours.detour / (of_one.turns + of_other.turns) as detour_share,
    of_one.question = of_other.question or coalesce(questions.same, false) as same_question
from shorter
join detours on detours.one = shorter.one and detours.other = shorter.other
join lengths as of_one on of_one.attempt = shorter.one
join lengths as of_other on of_other.attempt = shorter.other
left join questions on questions.one = shorter.one and questions.other = shorter.other
