-- one row per trajectory: its rank among the near duplicates of a cluster; the lowest rank is the keeper
with judged as (
    select
        trajectory_id,
        bool_and(keep) filter (decides) as passes,
        bool_or(keep) filter (gate = 'outcome') as verified
    from answers
    group by trajectory_id
)

select
    candidates.trajectory_id,
    row_number() over (
        order by coalesce(judged.passes, true) desc, coalesce(judged.verified, false) desc, n_tokens, trajectory_id
    ) as rank
from candidates
left join judged using (trajectory_id)
