-- one row per planned attempt: the true answer of its task, and the addresses of the pages that hold it
select
    attempts.trajectory_id,
    nullif(trim(tasks.answer), '') as truth,
    -- only these scripts separate words by spaces
    regexp_matches(truth, '(?s)^[\p{Latin}\p{Cyrillic}\p{Greek}\p{N}_](.*[\p{Latin}\p{Cyrillic}\p{Greek}\p{N}_])?$') as worded,
    list_distinct(list_transform(
        list_filter(tasks.path, lambda hop: list_contains(tasks.evidence, hop.doc_id)), lambda hop: hop.url
    )) as evidence_urls
from attempts
join tasks using (task_id)
-- a child works on a part of the task: its answer is no answer to the task
where attempts.parent_id is null
