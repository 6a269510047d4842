-- one row per night: what a kept row cost in sampled tokens, GPU seconds and money, newest night first
-- question: What does a kept row cost?
select
    run_id,
    finished,
    kept,
    round(sampled_tokens_per_kept) as sampled_tokens_per_kept,
    round(gpu_seconds_per_kept, 1) as gpu_seconds_per_kept,
    round(cost_per_kept, 4) as cost_per_kept
from rollout_cost
where run_id <> 'all'
order by run_id desc
