-- one row per candidate pair, attempt of it (of_one: the first) and turn that shares shingles with a turn of the other: the place of
-- the turn there that shares most, its counterpart, and the share of shingles in common, in millionths
with postings as materialized (
    select attempt, place, len(shingles) as size, unnest(shingles) as shingle
    from agent_turns
),

-- of less than a fourteenth in common, two turns have a turn of phrase in common
turn_pairs as (
    select
        candidate_pairs.one,
        candidate_pairs.other,
        mine.place as mine,
        theirs.place as theirs,
        1_000_000 * count(*) // greatest(any_value(mine.size), any_value(theirs.size)) as share
    from candidate_pairs
    join postings as mine on mine.attempt = candidate_pairs.one
    join postings as theirs on theirs.attempt = candidate_pairs.other and theirs.shingle = mine.shingle
    group by candidate_pairs.one, candidate_pairs.other, mine.place, theirs.place
    having 14 * count(*) >= greatest(any_value(mine.size), any_value(theirs.size))
),

-- the largest number wins: first the share, then the nearest place, then the place itself, 20 bits each
ranked as (
    select *, (share << 40) + ((1_048_575 - abs(mine - theirs))::bigint << 20) as rank
    from turn_pairs
),

best as (
    select one, other, true as of_one, mine as place, max(rank + theirs) as best
    from ranked
    group by one, other, mine
    union all
    select one, other, false, theirs, max(rank + mine)
    from ranked
    group by one, other, theirs
)

select one, other, of_one, place, (best & 1_048_575)::integer as counterpart, best >> 40 as share
from best
