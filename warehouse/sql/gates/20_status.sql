-- one row per trajectory: refuses attempts without an answer, and those that a limit or an error ended; an answer given at the turn limit counts
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
