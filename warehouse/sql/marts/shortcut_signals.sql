-- one row per trajectory of the newest refine: how much work its answer took, with signals of a shortcut
select
    decisions.trajectory_id,
    trajectories.task_id,
    trajectories.domain,
    trajectories.run_id,
    try_cast(trajectories.run_id[:10] as date) as date,
    decisions.kept,
    decisions.calls_to_solve,
    decisions.answer_seen_at,
    decisions.named_early,
    decisions.distinct_pages,
    decisions.repeated_queries,
    decisions.pass_rate,
    trajectories.n_turns,
    trajectories.n_tool_calls,
    trajectories.n_tokens
from decisions
join trajectories using (trajectory_id)
