-- one row per turn that a later dialect parsed differently: the newest parse
select *
from reparse_parts
qualify row_number() over (partition by trajectory_id, index order by reparsed_at desc) = 1
