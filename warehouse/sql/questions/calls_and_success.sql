-- one row per domain and range of tool calls (0, 1, 2 to 3, 4 to 7, ...): judged attempts, and the share that is right
-- question: Do more tool calls help?
with judged as (
    select
        trajectories.domain,
        case when n_tool_calls = 0 then 0 else 2 ** floor(log2(n_tool_calls)) end::bigint as from_calls,
        json_extract(decisions.gates, '/outcome/keep')::boolean as solved
    from trajectories
    join decisions using (trajectory_id)
    where json_extract_string(decisions.gates, '/outcome/reason') <> 'not_judged'
)

select
    domain,
    from_calls,
    greatest(2 * from_calls - 1, 0) as to_calls,
    count(*) as attempts,
    avg(solved::int) as pass_rate
from judged
group by domain, from_calls
order by domain, from_calls
