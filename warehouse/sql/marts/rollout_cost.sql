-- one row per night ('all' too): the cost of its rollouts per finished trajectory, and per trajectory kept by the newest refine
with spent as (
    select
        run_id,
        count(*) as runs,
        sum(teacher_seconds) as teacher_seconds,
        sum(gpu_seconds) as gpu_seconds,
        sum(turns) as turns,
        sum(sampled_tokens) as sampled_tokens,
        sum(user_tokens)::bigint as user_tokens,
        sum(prompt_tokens)::bigint as prompt_tokens,
        sum(cached_prompt_tokens)::bigint as cached_prompt_tokens,
        sum(cost) as cost
    from rollouts
    group by run_id
),

made as (
    select
        trajectories.run_id,
        count(*) filter (trajectories.status <> 'aborted' and parent_id is null) as finished,
        count(decisions.trajectory_id) filter (parent_id is null) as decided,
        count(*) filter (decisions.kept and parent_id is null) as kept,
        sum(trajectories.n_sampled_tokens) as ended_tokens,
        sum(trajectories.n_sampled_tokens) filter (
            decisions.trajectory_id is not null or trajectories.status = 'aborted'
        ) as decided_tokens
    from trajectories
    left join decisions using (trajectory_id)
    group by trajectories.run_id
),

totalled as (
    select
        coalesce(run_id, 'all') as run_id,
        coalesce(sum(runs), 0)::bigint as runs,
        coalesce(sum(teacher_seconds), 0) as teacher_seconds,
        coalesce(sum(gpu_seconds), 0) as gpu_seconds,
        coalesce(sum(turns), 0)::bigint as turns,
        coalesce(sum(sampled_tokens), 0)::bigint as sampled_tokens,
        coalesce(sum(user_tokens), 0)::bigint as user_tokens,
        sum(prompt_tokens)::bigint as prompt_tokens,
        sum(cached_prompt_tokens)::bigint as cached_prompt_tokens,
        sum(cost) as cost,
        coalesce(sum(finished), 0)::bigint as finished,
        coalesce(sum(decided), 0)::bigint as decided,
        coalesce(sum(kept), 0)::bigint as kept,
        sum(ended_tokens) as ended_tokens,
        sum(decided_tokens) as decided_tokens
    from spent
    full join made using (run_id)
    group by grouping sets ((run_id), ())
    having count(*) > 0
),

-- kept trajectories carry the cost of rejected and aborted ones, but not of those without a decision
weighed as (
    select
        *,
        least(1, decided_tokens / nullif(greatest(sampled_tokens, ended_tokens), 0)) as decided_share
    from totalled
)

select
    run_id,
    try_cast(run_id[:10] as date) as date,
    runs,
    teacher_seconds,
    gpu_seconds,
    turns,
    sampled_tokens,
    finished,
    decided,
    kept,
    sampled_tokens / nullif(finished, 0) as sampled_tokens_per_finished,
    gpu_seconds / nullif(finished, 0) as gpu_seconds_per_finished,
    decided_tokens / nullif(kept, 0) as sampled_tokens_per_kept,
    gpu_seconds * decided_share / nullif(kept, 0) as gpu_seconds_per_kept,
    prompt_tokens,
    cached_prompt_tokens,
    cost,
    cost / nullif(finished, 0) as cost_per_finished,
    cost * decided_share / nullif(kept, 0) as cost_per_kept,
    user_tokens
from weighed
order by run_id = 'all' desc, run_id
