-- one row a pair of works that met: how much of their turns they share, and of how many turns each has a counterpart
with shares as (
    select
        met.one,
        met.other,
        mine.index,
        max(
            -- what both have, counted on either side: the less, since a text that goes round in circles has some twice
            least(
                len(list_filter(mine.windows, lambda each: list_contains(theirs.windows, each))),
                len(list_filter(theirs.windows, lambda each: list_contains(mine.windows, each)))
            ) / greatest(len(mine.windows), len(theirs.windows), 1)
        ) as share
    from met
    join evidence as mine on mine.work = met.one and mine.by_agent
    join evidence as theirs
        on theirs.work = met.other and theirs.by_agent and theirs.index = mine.index + met.shift
    group by met.one, met.other, mine.index
),

-- a seventh of its windows make a turn a counterpart: 30 % of the words edited leave a third, give or take a sixth
-- summed in whole millionths: a sum of fractions would depend on the order
summed as (
    select
        one,
        other,
        sum((1_000_000 * share)::bigint) / 1_000_000 as shared,
        sum((1_000_000 * least(1, 7 * share))::bigint) / 1_000_000 as matched
    from shares
    group by one, other
),

lengths as (
    select work, any_value(question) as question, count(*) filter (by_agent and len(windows) > 0) as turns
    from evidence
    group by work
),

asked as (
    select
        summed.one,
        summed.other,
        bool_or(len(list_intersect(mine.windows, theirs.windows)) >= 0.2 * greatest(len(mine.windows), len(theirs.windows), 1)) as same
    from summed
    join evidence as mine on mine.work = summed.one and not mine.by_agent
    join evidence as theirs on theirs.work = summed.other and not theirs.by_agent
    group by summed.one, summed.other
)

select
    summed.one,
    summed.other,
    summed.shared / greatest(of_one.turns, of_other.turns) as similarity,
    summed.matched / greatest(of_one.turns, of_other.turns) as alike,
    of_one.question = of_other.question or coalesce(asked.same, false) as same_question
from summed
join lengths as of_one on of_one.work = summed.one
join lengths as of_other on of_other.work = summed.other
left join asked on asked.one = summed.one and asked.other = summed.other
