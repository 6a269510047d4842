-- one row a trajectory: did it come to an answer, in its turns or when asked at their end
select
    trajectory_id,
    status in ('answered', 'turn_cap') and answered as keep,
    case
        when status in ('answered', 'turn_cap') and answered then 'ok'
        when status = 'answered' then 'no_answer'
        else status
    end as reason,
    null as value
from candidates
