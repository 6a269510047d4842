-- one row per index of a trajectory that more than one turn has
select trajectory_id, index, count(*) as rows
from stream_turns
group by trajectory_id, index
having count(*) > 1
