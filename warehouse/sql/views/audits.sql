-- one row per trajectory and verifier checked by a person: the newest label
select *
from audit_parts
qualify row_number() over (partition by trajectory_id, verifier, version order by audited_at desc, audit_id) = 1
