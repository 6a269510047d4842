-- one row per rollout run of the nights in `scope`, of all domains
select unscoped_rollouts.*
from unscoped_rollouts
cross join scope
where run_id between scope.since and scope.until
