-- one row an attempt
insert into attempts (trajectory_id, setup, started_at) values (?, ?, ?)
on conflict (trajectory_id) do nothing
