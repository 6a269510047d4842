-- one row per engine of a rehearsal among the kept trajectories, with their number
select trajectories.engine, count(*) as n
from decisions
join trajectories using (trajectory_id)
where decisions.kept and regexp_full_match(trajectories.engine, 'oracle|explorer|shortcut:.*')
group by trajectories.engine
order by trajectories.engine
