-- one row a trajectory to decide on of which is kept what was told: of the record that it has now, and of turns in one part alone
with kept as (
    select *
    from read_parquet($files)
    qualify count(*) over (partition by trajectory_id) = 1
),

now as (
    select trajectory_id, hash(every_candidate) as record
    from every_candidate
)

select kept.*
from kept
join now using (trajectory_id, record)
