-- one row per trajectory: refuses attempts that ended without an answer, other than by answering or at the turn limit
-- without it: attempts that a limit cut off teach the student to stop in the middle of its work
select
    trajectory_id,
    status in ('answered', 'turn_cap') and answered as keep,
    case
        when status in ('answered', 'turn_cap') and answered then 'ok'
        when status = 'answered' then 'no_answer'
        else coalesce(nullif(status, ''), 'unknown')
    end as reason,
    null as value
from candidates
