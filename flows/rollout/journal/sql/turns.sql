-- one row a turn of a trajectory
select place, row, token_ids, sampled, logprobs, crc from turns where trajectory_id = ? order by place
