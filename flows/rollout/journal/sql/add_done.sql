-- one row a finished trajectory
insert into done (trajectory_id, run_id, trajectory, verdicts, crc) values (?, ?, ?, ?, ?)
on conflict (trajectory_id) do nothing
