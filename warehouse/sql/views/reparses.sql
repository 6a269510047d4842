-- one row a turn that was read again otherwise: its newest reading
select *
from reparse_parts
qualify row_number() over (partition by trajectory_id, index order by reparsed_at desc) = 1
