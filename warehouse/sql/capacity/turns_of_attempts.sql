-- one row per assistant turn of a sample of attempts, in order: tokens that are new before it (of these, those of a
-- system prompt that other attempts have too), seconds of tools before it
with chosen as (
    select trajectory_id
    from trajectories
    where status <> 'aborted' and ids is distinct from 'none' and engine <> 'import'
    order by hash(trajectory_id), trajectory_id
    limit $most
),

placed as (
    select
        *,
        count(*) filter (role = 'assistant') over (
            partition by trajectory_id, segment
            order by index
            rows between unbounded preceding and 1 preceding
        ) as step,
        case when role = 'system' and count(*) over (partition by role, content) > 1 then n_tokens else 0 end as shared
    from (select trajectory_id, segment, index, role, content, n_tokens, seconds, cpu_seconds from stream_turns)
    join chosen using (trajectory_id)
)

select
    trajectory_id,
    segment,
    coalesce(sum(n_tokens) filter (role <> 'assistant'), 0)::bigint as new_tokens,
    sum(n_tokens) filter (role = 'assistant')::bigint as sampled_tokens,
    coalesce(sum(seconds) filter (role = 'tool'), 0)::double as tool_seconds,
    coalesce(sum(cpu_seconds) filter (role = 'tool'), 0)::double as sandbox_seconds,
    sum(shared)::bigint as shared_tokens
from placed
group by trajectory_id, segment, step
having count(*) filter (role = 'assistant') > 0
order by trajectory_id, segment, step
