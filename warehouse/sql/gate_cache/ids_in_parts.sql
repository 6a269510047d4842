-- one row per trajectory with turns in the parts that `turn_facts` currently reads: its id
select distinct trajectory_id
from turn_facts
