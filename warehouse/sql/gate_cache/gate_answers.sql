-- one row per candidate: the answers of the cached gates, the signals from its turns, and a hash of its record
with gathered as (
    select
        trajectory_id,
        list({gate: gate, keep: keep, reason: reason, value: value} order by position) as answers
    from answers
    group by trajectory_id
)

select candidates.trajectory_id, hash(candidates) as record, gathered.answers, turn_signals.* exclude (trajectory_id)
from candidates
join turn_signals using (trajectory_id)
left join gathered using (trajectory_id)
