-- one row per attempt, the ten with the most tokens: their length, how they ended and what became of them
-- question: Which attempts are the longest?
select
    trajectories.trajectory_id,
    trajectories.domain,
    trajectories.n_tokens,
    trajectories.n_turns,
    trajectories.n_tool_calls,
    trajectories.status,
    fates.fate,
    fates.reason
from trajectories
join fates using (trajectory_id)
order by trajectories.n_tokens desc, trajectories.trajectory_id
limit 10
