-- one row a withdrawn trajectory, as a manifest says it
select trajectory_id, target, reason from withdrawn order by trajectory_id
