-- one row a trajectory with turns in the parts at hand, of which `turn_facts` is: its id
select distinct trajectory_id
from turn_facts
