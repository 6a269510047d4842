-- one row per trajectory: refuses attempts that a scripted policy of a rehearsal played
-- without it: copied rows of an oracle teach a student to act on facts that no agent could have found
select
    candidates.trajectory_id,
    not regexp_full_match(trajectories.engine, 'oracle|explorer|shortcut:.*') as keep,
    case when keep then 'ok' else 'rehearsal' end as reason,
    null as value
from candidates
join trajectories on trajectories.trajectory_id = candidates.trajectory_id
