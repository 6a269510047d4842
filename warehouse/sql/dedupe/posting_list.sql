-- one row per attempt, turn and shingle of the inverted index: two shingles per turn, or all if the attempt has few turns
-- ($any_short: true if there are such attempts)
with long_attempts as (
    select attempt, trajectory_id
    from distinct_attempts
    where turns > 16
),

short_attempts as (
    select attempt, trajectory_id
    from distinct_attempts
    where turns <= 16 and $any_short
)

select long_attempts.attempt, unnest([turn.min_shingle, turn.max_shingle]) as shingle
from turn_facts as turn
join long_attempts using (trajectory_id)
where turn.role = 'assistant' and turn.min_shingle is not null
union all
select short_attempts.attempt, unnest(turn.shingles) as shingle
from turn_facts as turn
join short_attempts using (trajectory_id)
where turn.role = 'assistant' and turn.min_shingle is not null
