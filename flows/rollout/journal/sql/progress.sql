-- one row an attempt that is begun and not finished: how far it came, in the journal
select
    attempts.trajectory_id,
    attempts.aborts,
    attempts.error,
    count(turns.place) as messages,
    coalesce(sum(length(turns.logprobs) > 0), 0) as n_turns,
    coalesce(sum(length(turns.token_ids)), 0) / 4 as n_tokens,
    coalesce(sum(length(turns.logprobs)), 0) / 4 as n_sampled_tokens
from attempts
left join turns using (trajectory_id)
where attempts.trajectory_id not in (select trajectory_id from done)
group by attempts.trajectory_id, attempts.aborts, attempts.error
