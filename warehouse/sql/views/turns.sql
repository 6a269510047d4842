-- one row per turn: a message of a trajectory, without the copies that open a later segment (those are in `stream_turns`)
select * from turn_parts where copy_of is null
