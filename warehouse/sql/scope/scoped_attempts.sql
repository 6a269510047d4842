-- one row per attempt planned in the nights and the domain in `scope`, or delegated by one of them
select unscoped_attempts.*
from unscoped_attempts
cross join scope
where run_id between scope.since and scope.until
    and (scope.domain is null or unscoped_attempts.domain = scope.domain)
