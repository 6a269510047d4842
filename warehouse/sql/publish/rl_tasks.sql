-- one row per question that some attempts solve and some do not, for reinforcement learning
with newest as (
    select trajectory_id, verifier, passed
    from verdicts
    where turn_index is null
    qualify row_number() over (
        partition by trajectory_id, verifier order by version desc, run_id desc, reason
    ) = 1
),

judged as (
    select
        question_task as task_id,
        count(*) as attempts,
        count(*) filter (newest.passed) as passes
    from trajectories
    join newest using (trajectory_id)
    join tasks using (task_id)
    join question_tasks using (task_id)
    where newest.verifier = tasks.verifiers[1]
        and trajectories.status <> 'aborted'
        and trajectories.parent_id is null
    group by question_task
),

first_attempt as (
    select question_task as task_id, arg_min({tools: tools, system: system}, trajectory_id) as first
    from trajectories
    join question_tasks using (task_id)
    where parent_id is null
    group by question_task
),

-- content that one attempt must not hold can come from the task or its pages, so the whole task is left out
rejected as (
    select distinct question_task as task_id
    from decisions
    join trajectories using (trajectory_id)
    join question_tasks using (task_id)
    where list_has_any(
        list_transform(decisions.reasons, lambda reason: split_part(reason, ':', 1)),
        ['decontamination', 'blocked_hosts', 'secrets']
    )
)

select
    tasks.task_id,
    tasks.domain,
    first_attempt.first.system as system,
    tasks.instruction,
    tasks.answer,
    tasks.verifiers,
    tasks.setup,
    first_attempt.first.tools as tools,
    list_transform(tasks.path, lambda hop: hop.url) as urls,
    tasks.max_turns,
    tasks.max_tokens,
    judged.attempts,
    judged.passes,
    judged.passes / judged.attempts as pass_rate,
    tasks.hops,
    tasks.composer
from judged
join tasks using (task_id)
join first_attempt using (task_id)
anti join rejected using (task_id)
where judged.passes > 0 and judged.passes < judged.attempts
    and tasks.task_id not in (
        select question_task
        from withdrawn
        join trajectories using (trajectory_id)
        join question_tasks using (task_id)
    )
    and tasks.task_id not in (
        select question_task
        from license_refusals
        join trajectories using (trajectory_id)
        join question_tasks using (task_id)
    )
order by tasks.task_id
