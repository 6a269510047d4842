-- one row per domain: rows and tokens in each of two releases
select
    trajectories.domain,
    count(*) filter (release_id = $before) as rows_before,
    count(*) filter (release_id = $after) as rows_after,
    coalesce(sum(published.n_tokens) filter (release_id = $before), 0)::bigint as tokens_before,
    coalesce(sum(published.n_tokens) filter (release_id = $after), 0)::bigint as tokens_after
from published_parts as published
join trajectories using (trajectory_id)
where release_id in ($before, $after)
group by trajectories.domain
order by trajectories.domain
