-- one row a withdrawn trajectory, as a manifest says it
select trajectory_id, asked_for, reason from withdrawn order by trajectory_id
