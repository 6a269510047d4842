-- one row per imported task: its id, its first import, and, if its id depends on spelling, all that the id is made of
select
    task_id,
    created_at,
    domain,
    case when composer_version::integer < 4 then instruction end as instruction,
    answer
from tasks
where composer = 'import'
order by created_at, task_id
