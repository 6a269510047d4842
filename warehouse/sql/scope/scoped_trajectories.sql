-- one row per trajectory of the nights and the domain in `scope`
select unscoped_trajectories.*
from unscoped_trajectories
cross join scope
where run_id between scope.since and scope.until
    and (scope.domain is null or unscoped_trajectories.domain = scope.domain)
