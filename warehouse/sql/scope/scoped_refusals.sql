-- one row per tasks step of the nights in `scope`, composer and reason: candidates of its domain of which no task was made
select unscoped_refusals.*
from unscoped_refusals
cross join scope
where run_id between scope.since and scope.until
    and (scope.domain is null or unscoped_refusals.domain = scope.domain)
