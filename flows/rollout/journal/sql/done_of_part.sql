-- one row a finished trajectory of a part
select trajectory_id, trajectory, verdicts, crc from done where run_id = ? and seq = ? order by number
