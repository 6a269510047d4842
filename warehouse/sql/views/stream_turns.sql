-- one row per turn as the model read it, copies included: the token ids of one segment concatenate to its stream
select * from turn_parts
