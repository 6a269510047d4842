-- one row per night: what its rollouts took, in all and per kept row: teacher seconds, GPU seconds, sampled tokens, price and seconds of tools
select
    rollout_cost.run_id,
    try_cast(rollout_cost.run_id[:10] as date) as date,
    rollout_cost.runs,
    rollout_cost.teacher_seconds,
    rollout_cost.gpu_seconds,
    rollout_cost.turns,
    rollout_cost.sampled_tokens,
    rollout_cost.cost,
    rollout_cost.finished,
    rollout_cost.kept,
    rollout_cost.sampled_tokens_per_kept,
    rollout_cost.gpu_seconds_per_kept,
    rollout_cost.cost_per_kept,
    tool_cost.seconds as tool_seconds,
    tool_cost.cpu_seconds as tool_cpu_seconds
from rollout_cost
left join tool_cost on tool_cost.run_id = rollout_cost.run_id and tool_cost.domain = 'all'
where rollout_cost.run_id <> 'all'
order by rollout_cost.run_id
