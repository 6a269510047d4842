-- one row a turn of these trajectories that was read again: its newest reading
select trajectory_id, index, parse, content, reasoning, tool_calls
from reparses
where trajectory_id in (select unnest($trajectories))
