-- one row per domain and split: number of released trajectories and tasks, and their length in tokens
select
    domain,
    split,
    count(*) as trajectories,
    count(distinct task_id) as tasks,
    sum(n_tokens)::bigint as tokens,
    round(avg(nullif(n_tokens, 0)))::bigint as mean_tokens,
    max(n_tokens) as max_tokens
from chosen
group by domain, split
order by domain, split
