-- one row per trajectory: refuses attempts that delete, skip or weaken tests beyond what the task wants changed, or that write the
-- result which a test expects as the whole of a function
-- without it: a student learns to make a check pass by taking the check away
with named as (
    select trajectory_id, regexp_replace(unnest(supported_claims), '\.\w{1,4}$', '') as file, index, role
    from turn_facts
    semi join candidates using (trajectory_id)
    where role in ('tool', 'user') and supported_claims is not null
    union all
    select trajectory_id, regexp_replace(unnest(created_tests), '\.\w{1,4}$', '') as file, index, 'creates' as role
    from turn_facts
    semi join candidates using (trajectory_id)
    where len(created_tests) > 0
),

-- test files that a call made before any result or the task named them
created as (
    select trajectory_id, list(file) as files
    from (
        select trajectory_id, file
        from named
        -- a settings file of a test runner is no test
        where file not in ('pytest', 'conftest', 'vitest', 'jest')
        group by trajectory_id, file
        having min(index) filter (role = 'creates') < coalesce(min(index) filter (role <> 'creates'), 1_000_000)
    )
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
    select turn_facts.trajectory_id, count(*) as calls
    from turn_facts
    join candidates using (trajectory_id)
    left join created using (trajectory_id)
    where
        weakened_test is not null
        and not list_contains(coalesce(files, []), regexp_replace(weakened_test, '\.\w{1,4}$', ''))
        -- the task names the result that the test expects now, or orders a new behaviour, which changes the result
        and not coalesce(regexp_matches(instruction, '(^|[^\w.])' || regexp_escape(expected_result) || '($|[^\w])'), false)
        and not (expected_result is not null and not coalesce(matches(instruction, $reports_fault_list), true))
        -- the task removes the subject of the test
        and not (
            coalesce(matches(instruction, $orders_removal_list) and not matches(instruction, $reports_fault_list), false)
            and len(list_filter(
                regexp_extract_all(lower(weakened_test), '[a-z]{3,}|v\d+'),
                lambda word: word not in ('test', 'tests', 'spec', 'specs') and contains(lower(instruction), word)
            )) > 0
        )
    group by turn_facts.trajectory_id
),

-- all tests ran, but the last run leaves some out
selected as (
    select trajectory_id, count(*) as calls
    from turn_facts
    semi join candidates using (trajectory_id)
    where test_run is not null
    group by trajectory_id
    having count(*) filter (test_run = 'all') > 0 and arg_max(test_run, index) = 'some'
),

suspected as (
    select trajectory_id from weakened
    union
    select trajectory_id from selected
),

-- words of the task from a verb of change to the tests, or from the tests to the verb
asked as (
    select
        trajectory_id,
        list_filter(
            list_concat(
                regexp_extract_all(instruction, '(?:' || $asks_to_change_tests || ')(?:[^.!?;。！？\n]|\.[\w/]){0,60}?(?:' || $names_tests || ')'),
                regexp_extract_all(instruction, '(?:' || $names_tests || ')(?:[^.!?;。！？\n]|\.[\w/]){0,40}?(?:' || $asks_to_change_tests || ')')
            ),
            -- `change it so that the tests pass` changes no test
            lambda words: not matches(words, $is_purpose_list)
        ) as changes,
        regexp_matches(instruction, $names_tests) and matches(instruction, $doubts_tests_list)
            or matches(instruction, $asks_for_snapshots_list) and not matches(instruction, $reports_fault_list) as doubts
    from candidates
    semi join suspected using (trajectory_id)
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
    hard_coded.calls is null and ((weakened.calls is null and selected.calls is null) or coalesce(len(asked.changes), 0) > 0 or coalesce(asked.doubts, false)) as keep,
    case when keep then 'ok' when hard_coded.calls > 0 then 'result_hard_coded' else 'tests_weakened' end as reason,
    coalesce(weakened.calls, 0) + coalesce(selected.calls, 0) + coalesce(hard_coded.calls, 0) as value
from candidates
left join weakened using (trajectory_id)
left join selected using (trajectory_id)
left join asked using (trajectory_id)
left join hard_coded using (trajectory_id)
