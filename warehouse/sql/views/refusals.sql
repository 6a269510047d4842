-- one row per completed run of the tasks step, composer and reason: candidates of which no task was made
select * from refusal_parts
