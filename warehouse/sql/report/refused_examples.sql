-- one row per gate and reason: attempts of the narrowed nights that it refuses, and the ids of three of them
select
    gate_verdicts.gate,
    gate_verdicts.reason,
    min(gate_verdicts.position) as position,
    count(*) as attempts,
    sum(trajectories.n_tokens)::bigint as tokens,
    list_sort(min(gate_verdicts.trajectory_id, 3)) as examples
from gate_verdicts
join trajectories using (trajectory_id)
where gate_verdicts.refuses
group by gate_verdicts.gate, gate_verdicts.reason
order by attempts desc, position, gate_verdicts.reason
