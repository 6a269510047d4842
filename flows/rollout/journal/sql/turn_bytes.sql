-- one row a turn: the bytes that its checksum guards
select row, token_ids, sampled, logprobs, crc from turns order by rowid
