-- one row per reason for which licenses keep kept trajectories out of a release: their number
select reason, count(*) as trajectories
from license_refusals
join decisions using (trajectory_id)
where kept
group by reason
order by trajectories desc, reason
