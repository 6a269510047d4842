-- one row per question that became a task of these composers in any night: the hash of what it wants
select distinct json_extract_string(difficulty, '$.line') as line
from tasks
where composer in (select unnest($composers))
