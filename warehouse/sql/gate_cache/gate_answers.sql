-- one row a candidate: what gates and signs tell of it, and of which record of it
with heard as (
    select
        trajectory_id,
        list({gate: gate, keep: keep, reason: reason, value: value} order by position) as answers
    from answers
    group by trajectory_id
)

select candidates.trajectory_id, hash(candidates) as record, heard.answers, signs.* exclude (trajectory_id)
from candidates
join signs using (trajectory_id)
left join heard using (trajectory_id)
