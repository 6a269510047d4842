-- one row per candidate whose cached answers are valid: its record has not changed, and one part holds all its turns
with cached as (
    select *
    from read_parquet($files)
    qualify count(*) over (partition by trajectory_id) = 1
),

current_records as (
    select trajectory_id, hash(all_candidates) as record
    from all_candidates
)

select cached.*
from cached
join current_records using (trajectory_id, record)
