-- one row per trajectory in the next places
select * exclude (place)
from pending
where place > $after and place <= $last
order by place
