-- one row per fate and reason: number of planned attempts and their tokens; the rows sum to all planned attempts
with outcomes as (
    select
        case
            when chosen.trajectory_id is not null then 'released'
            when license_refusals.trajectory_id is not null and decisions.kept then 'rejected'
            else fate
        end as fate,
        case
            when chosen.trajectory_id is not null then 'kept'
            when license_refusals.trajectory_id is not null and decisions.kept then license_refusals.reason
            else fates.reason
        end as reason,
        fates.n_tokens
    from fates
    left join chosen using (trajectory_id)
    left join license_refusals using (trajectory_id)
    left join decisions using (trajectory_id)
)

select fate, reason, count(*) as attempts, sum(n_tokens)::bigint as tokens
from outcomes
group by fate, reason
order by fate = 'released' desc, fate, attempts desc, reason
