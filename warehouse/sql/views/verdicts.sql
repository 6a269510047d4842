-- one row per verdict: a verifier's judgement of a trajectory or of one turn
select * from verdict_parts
