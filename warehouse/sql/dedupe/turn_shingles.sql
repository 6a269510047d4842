-- one row per turn of an attempt that is in a candidate pair, or has one of 256 sampled questions (is_sampled): its shingles
with paired_attempts as (
    select one as attempt from candidate_pairs
    union
    select other from candidate_pairs
),

sampled_questions as (
    select distinct question
    from distinct_attempts
    order by question
    limit 256
),

selected as materialized (
    select
        attempt,
        question,
        trajectory_id,
        attempt in (from paired_attempts) as is_paired,
        question in (from sampled_questions) as is_sampled
    from distinct_attempts
    where is_paired or is_sampled
)

select
    selected.attempt,
    selected.question,
    selected.is_paired,
    selected.is_sampled,
    (turn.index % 2_147_483_647)::integer as index,
    turn.role = 'assistant' as by_agent,
    turn.shingles
from turn_facts as turn
join selected using (trajectory_id)
where len(turn.shingles) > 0
