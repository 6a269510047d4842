-- one row per candidate pair: the share of their turns' shingles that they have in common, and the share of turns with a counterpart
with turn_overlaps as (
    select
        candidate_pairs.one,
        candidate_pairs.other,
        mine.index,
        max(
            -- the smaller of the two counts: a text that loops has the same shingle twice
            least(
                len(list_filter(mine.shingles, lambda each: list_contains(theirs.shingles, each))),
                len(list_filter(theirs.shingles, lambda each: list_contains(mine.shingles, each)))
            ) / greatest(len(mine.shingles), len(theirs.shingles), 1)
        ) as share
    from candidate_pairs
    join informative_shingles as mine on mine.attempt = candidate_pairs.one and mine.by_agent
    join informative_shingles as theirs
        on theirs.attempt = candidate_pairs.other and theirs.by_agent and theirs.index = mine.index + candidate_pairs.shift
    group by candidate_pairs.one, candidate_pairs.other, mine.index
),

-- a seventh of the shingles in common makes a counterpart: with 30 % of the words edited a third remain, plus or minus a sixth;
-- sums are of whole millionths, since a sum of fractions depends on the order
summed as (
    select
        one,
        other,
        sum((1_000_000 * share)::bigint) / 1_000_000 as shared,
        sum((1_000_000 * least(1, 7 * share))::bigint) / 1_000_000 as matched
    from turn_overlaps
    group by one, other
),

lengths as (
    select attempt, any_value(question) as question, count(*) filter (by_agent and len(shingles) > 0) as turns
    from informative_shingles
    group by attempt
),

questions as (
    select
        summed.one,
        summed.other,
        bool_or(len(list_intersect(mine.shingles, theirs.shingles)) >= 0.2 * greatest(len(mine.shingles), len(theirs.shingles), 1)) as same
    from summed
    join informative_shingles as mine on mine.attempt = summed.one and not mine.by_agent
    join informative_shingles as theirs on theirs.attempt = summed.other and not theirs.by_agent
    group by summed.one, summed.other
)

select
    summed.one,
    summed.other,
    summed.shared / greatest(of_one.turns, of_other.turns) as similarity,
    summed.matched / greatest(of_one.turns, of_other.turns) as counterpart_share,
    of_one.question = of_other.question or coalesce(questions.same, false) as same_question
from summed
join lengths as of_one on of_one.attempt = summed.one
join lengths as of_other on of_other.attempt = summed.other
left join questions on questions.one = summed.one and questions.other = summed.other
