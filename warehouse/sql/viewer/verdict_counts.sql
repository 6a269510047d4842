-- one row per verifier of the trajectory: its verdict on the whole, or how many of the turns passed
select
    verifier,
    version,
    turn_index is not null as of_turns,
    count(*) as judged,
    count(*) filter (passed) as passed,
    string_agg(distinct reason, ', ' order by reason) as reasons
from verdicts
where trajectory_id = $trajectory_id
group by all
order by of_turns, verifier
