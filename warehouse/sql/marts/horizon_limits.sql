-- one row per domain and limit of length: attempts that it ended, and their mean length against the domain's goal
with pages_read as (
    select
        tasks.task_id,
        sum(documents.n_chars) / 4 as tokens
    from (select task_id, unnest(evidence) as doc_id from tasks) as tasks
    join documents using (doc_id)
    group by tasks.task_id
),

ended as (
    select
        trajectories.domain,
        trajectories.status,
        trajectories.n_tokens,
        trajectories.n_tool_calls,
        coalesce(horizon_goals.goal_tokens, 45_000) as goal_tokens,
        json_extract(decisions.gates, '/outcome/keep')::boolean as solved,
        pages_read.tokens as page_tokens
    from trajectories
    left join horizon_goals using (domain)
    left join decisions using (trajectory_id)
    left join pages_read on pages_read.task_id = trajectories.task_id
    where trajectories.status <> 'aborted' and trajectories.ids is distinct from 'none' and trajectories.engine <> 'import'
),

named as (
    select
        *,
        case
            when status <> 'answered' then status
            when n_tokens >= goal_tokens then 'none'
            when solved is null then 'early_not_judged'
            when not solved then 'early_wrong'
            when page_tokens < goal_tokens then 'corpus_depth'
            else 'early_right'
        end as limited_by
    from ended
)

select
    domain,
    limited_by,
    count(*) as attempts,
    count(*) / sum(count(*)) over (partition by domain) as share,
    avg(n_tokens) as mean_tokens,
    avg(n_tool_calls) as mean_calls,
    any_value(goal_tokens) as goal_tokens,
    avg(n_tokens) / any_value(goal_tokens) as share_of_goal
from named
group by domain, limited_by
order by domain, attempts desc, limited_by
