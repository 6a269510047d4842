-- one row a pair of works and a shift, as shifts, of all shares
select one, other, shift, sum(windows) as windows
from shares
group by one, other, shift
