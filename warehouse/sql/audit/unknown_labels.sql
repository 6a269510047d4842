-- one row per label whose trajectory no outcome verifier judged
select trajectory_id
from labels
anti join strata using (trajectory_id)
order by trajectory_id
