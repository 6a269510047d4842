-- one row per verdict: a verifier's judgement of a trajectory or of one turn; answers of `factory scan` are in `scans`
select * from verdict_parts
where not starts_with(verifier, 'scan:')
