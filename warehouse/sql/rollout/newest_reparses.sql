-- one row per reparsed turn of the given trajectories: its newest reparse
select trajectory_id, index, parse, content, reasoning, tool_calls
from reparses
where trajectory_id in (select unnest($trajectories))
