-- one row a verifier of a trajectory that a person checked: the newest of what was said of it
select *
from audit_parts
qualify row_number() over (partition by trajectory_id, verifier, version order by audited_at desc, audit_id) = 1
