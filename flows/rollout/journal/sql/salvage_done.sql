-- one row a finished trajectory of a damaged journal
select trajectory_id, run_id, trajectory, verdicts, crc from done order by number
