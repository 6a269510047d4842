-- one row a turn of a damaged journal
select trajectory_id, place, row, token_ids, sampled, logprobs, crc from turns order by rowid
