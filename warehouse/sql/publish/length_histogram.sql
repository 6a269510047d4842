-- one row per bin of length in tokens: released trajectories and their tokens, in the bins of horizon_histogram
with bins as (
    select distinct from_tokens, to_tokens from horizon_histogram
)

select
    from_tokens,
    to_tokens,
    count(chosen.trajectory_id) as trajectories,
    coalesce(sum(chosen.n_tokens), 0)::bigint as tokens
from bins
left join chosen on n_tokens > 0 and n_tokens >= from_tokens and (to_tokens is null or n_tokens < to_tokens)
group by from_tokens, to_tokens
order by from_tokens
