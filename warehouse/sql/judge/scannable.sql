-- one row per finished trajectory, with its fate and the reason for it: what a condition of `factory scan` can name
select
    trajectories.*,
    fates.fate,
    fates.reason
from trajectories
left join fates using (trajectory_id)
