-- one row per line of a file of tasks that became a task in any night: the hash of the line
select distinct json_extract_string(difficulty, '$.line') as line
from tasks
where composer = $composer
