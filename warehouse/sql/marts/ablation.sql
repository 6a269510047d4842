-- one row per gate and domain ('all' too): rows and tokens that it refuses, that only it removes, and that it would remove
with answers as (
    select
        gate_verdicts.*,
        trajectories.domain,
        trajectories.n_tokens,
        count(*) filter (not keep and refuses) over (partition by trajectory_id) as refusals
    from gate_verdicts
    join trajectories using (trajectory_id)
),

summed as (
    select
        coalesce(domain, 'all') as domain,
        gate,
        min(position) as position,
        count(*) filter (keep or refuses) = count(*) as decides,
        count(*) as trajectories,
        count(*) filter (kept) as kept,
        count(*) filter (not keep) as refused,
        count(*) filter (refuses and refusals = 1) as removed_alone,
        coalesce(sum(n_tokens) filter (refuses and refusals = 1), 0)::bigint as removed_alone_tokens,
        count(*) filter (kept and not keep) as would_remove,
        coalesce(sum(n_tokens) filter (kept and not keep), 0)::bigint as would_remove_tokens
    from answers
    group by grouping sets ((domain, gate), (gate))
)

select
    domain,
    gate,
    decides,
    trajectories,
    refused,
    removed_alone,
    removed_alone_tokens,
    would_remove,
    would_remove_tokens,
    kept,
    kept + removed_alone as kept_without
from summed
order by domain = 'all' desc, domain, position
