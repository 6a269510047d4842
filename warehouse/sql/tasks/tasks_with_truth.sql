-- one row per task of a domain, or of all domains if none is named, with its hidden truth: the newest task first
select
    tasks.* exclude (date),
    hidden.goal,
    hidden.oracle
from tasks
join hidden using (task_id)
where $domain is null or tasks.domain = $domain
order by tasks.created_at desc, tasks.task_id
