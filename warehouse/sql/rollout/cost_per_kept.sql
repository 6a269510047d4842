-- one row: what a kept trajectory has cost, over all nights
select kept, decided, sampled_tokens_per_kept, gpu_seconds_per_kept
from rollout_cost
where run_id = 'all'
