-- one row: the cost of a kept trajectory over all runs
select kept, decided, sampled_tokens_per_kept, gpu_seconds_per_kept, cost_per_kept
from rollout_cost
where run_id = 'all'
