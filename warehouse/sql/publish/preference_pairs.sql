-- one row per trajectory of a preference pair: at position 2n the kept attempt, at 2n + 1 the rejected one, of one question
with answered as (
    select
        trajectory_id,
        trajectories.task_id as task_id,
        question_task,
        domain,
        n_tokens,
        kept,
        reasons,
        refine_id,
        ended_at,
        trajectories.run_id as run_id,
        row_number() over (
            partition by question_task, kept
            order by sha256('pair:' || $seed || ':' || trajectory_id)
        ) as number
    from decisions
    join trajectories using (trajectory_id)
    join question_tasks using (task_id)
    anti join withdrawn using (trajectory_id)
    anti join license_refusals using (trajectory_id)
    -- a pair compares two conversations from one prompt on: several segments are several conversations
    where coalesce(n_segments, 1) = 1 and parent_id is null and (kept or not list_has_any(
        list_transform(reasons, lambda reason: split_part(reason, ':', 1)),
        ['withdrawn', 'rehearsal', 'structure', 'arguments', 'decontamination', 'blocked_hosts', 'secrets',
            'exact_duplicate', 'near_duplicate']
    ))
),

pairs as (
    select
        question_task,
        number,
        row_number() over (order by sha256('place:' || $seed || ':' || question_task || ':' || number)) - 1 as pair
    from answered
    group by question_task, number
    having count(*) = 2
),

sizes as (
    select trajectory_id, sum(n_chars) + 6 * sum(n_tokens) as weight
    from turns
    group by trajectory_id
),

placed as (
    select answered.*, 2 * pair + (not kept)::integer as position, coalesce(weight, 0) as weight
    from answered
    join pairs using (question_task, number)
    left join sizes using (trajectory_id)
),

bucketed as (
    select
        *,
        sum(weight) over (order by position // 2 range between unbounded preceding and 1 preceding) as before
    from placed
)

select
    trajectory_id,
    task_id,
    domain,
    n_tokens,
    reasons,
    ended_at,
    run_id,
    refine_id,
    'train' as split,
    position,
    'pairs-' || lpad((coalesce(before, 0) // $bucket_bytes)::varchar, 6, '0') as bucket
from bucketed
order by position
