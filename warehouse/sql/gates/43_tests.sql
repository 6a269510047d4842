-- one row per trajectory: refuses attempts that delete, skip or weaken tests beyond what the task wants changed, or that write the
-- result which a test expects as the whole of a function
-- without it: a student learns to make a check pass by taking the check away
with created as (
    select trajectory_id, list_distinct(flatten(list(created_tests))) as files
    from turn_facts
    semi join candidates using (trajectory_id)
    group by trajectory_id
),

supported as (
    select trajectory_id, list_distinct(flatten(list(supported_claims) filter (role = 'tool'))) as texts
    from turn_facts
    semi join candidates using (trajectory_id)
    group by trajectory_id
),

-- a test that the agent wrote itself, to reproduce a fault, may go again
weakened as (
    select trajectory_id, count(*) as calls
    from turn_facts
    semi join candidates using (trajectory_id)
    join created using (trajectory_id)
    where weakened_test is not null and not list_contains(coalesce(files, []), weakened_test)
    group by trajectory_id
),

-- a result holds the test
hard_coded as (
    select trajectory_id, count(*) as calls
    from turn_facts
    semi join candidates using (trajectory_id)
    join supported using (trajectory_id)
    where list_contains(supported.texts, constant_result)
    group by trajectory_id
)

select
    candidates.trajectory_id,
    hard_coded.calls is null and (
        weakened.calls is null
        or coalesce(regexp_matches(instruction, '(' || $asks_to_change_tests || ')[^.!?;。！？\n]{0,60}(' || $names_tests || ')'), false)
        or coalesce(regexp_matches(instruction, '(' || $names_tests || ')[^.!?;。！？\n]{0,40}(' || $asks_to_change_tests || ')'), false)
    ) as keep,
    case when keep then 'ok' when hard_coded.calls > 0 then 'result_hard_coded' else 'tests_weakened' end as reason,
    coalesce(weakened.calls, 0) + coalesce(hard_coded.calls, 0) as value
from candidates
left join weakened using (trajectory_id)
left join hard_coded using (trajectory_id)
