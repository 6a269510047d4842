-- one row per trajectory whose turns are not numbered 0, 1, 2, ... without a gap
select trajectory_id, min(index) as first, max(index) as last, count(*) as turns
from stream_turns
group by trajectory_id
having min(index) <> 0 or max(index) <> count(*) - 1
