-- one row a place in a trajectory that more than one turn takes
select trajectory_id, index, count(*) as rows
from turns
group by trajectory_id, index
having count(*) > 1
