-- one row a trajectory: did it come to an answer, in its turns or when asked at their end
-- without it: attempts that were cut by a limit teach the student to stop in the middle of its work
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
