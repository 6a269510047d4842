-- one row per withdrawn trajectory, as the manifest lists it
select trajectory_id, target, reason from withdrawn order by trajectory_id
