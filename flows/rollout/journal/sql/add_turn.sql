-- one row a turn
insert into turns (trajectory_id, place, row, token_ids, sampled, logprobs, crc) values (?, ?, ?, ?, ?, ?, ?)
