-- one row a pair of works that met: how much of their turns they share, and of how many turns each has a counterpart
with shared as (
    select
        met.one,
        met.other,
        mine.by_agent,
        mine.unit,
        count(*) / greatest(any_value(mine.size), any_value(theirs.size)) as share
    from met
    join evidence as mine on mine.work = met.one
    join evidence as theirs
        on theirs.work = met.other
        and theirs.shingle = mine.shingle
        and theirs.by_agent = mine.by_agent
        and theirs.unit % 2 = mine.unit % 2
    group by met.one, met.other, mine.by_agent, mine.unit, theirs.unit
),

-- the best counterpart of each turn; a fifth of its windows in common is one: 30 % of the words edited leave a third
turns as (
    select one, other, by_agent, unit // 2 as turn, max(share) as share
    from shared
    group by one, other, by_agent, unit // 2
),

lengths as (
    select work, any_value(question) as question, count(distinct unit // 2) filter (by_agent) as turns
    from evidence
    group by work
),

summed as (
    select
        one,
        other,
        sum(share) filter (by_agent) as shared,
        sum(least(1, 5 * share)) filter (by_agent) as matched,
        max(share) filter (not by_agent) as question
    from turns
    group by one, other
)

select
    summed.one,
    summed.other,
    summed.shared / greatest(of_one.turns, of_other.turns) as similarity,
    summed.matched / greatest(of_one.turns, of_other.turns) as alike,
    of_one.question = of_other.question or coalesce(summed.question >= 0.2, false) as same_question
from summed
join lengths as of_one on of_one.work = summed.one
join lengths as of_other on of_other.work = summed.other
