-- one row per night and domain: finished attempts, their tokens and mean length, newest night first
-- question: How many tokens did each domain make each night?
select
    run_id,
    domain,
    count(*) as attempts,
    sum(n_tokens)::bigint as tokens,
    round(avg(n_tokens))::bigint as mean_tokens
from trajectories
where status <> 'aborted' and engine <> 'import'
group by run_id, domain
order by run_id desc, tokens desc, domain
