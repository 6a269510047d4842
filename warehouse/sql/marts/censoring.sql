-- one row per domain, composer and reason: attempts that ended naturally or were cut by a budget, and their relative lengths
with ended as (
    select
        attempts.domain,
        attempts.composer,
        case
            when trajectories.status = 'aborted' then 'aborted:' || coalesce(trajectories.error, 'unknown')
            else coalesce(trajectories.status, unfinished.reason, 'pending')
        end as reason,
        case
            when trajectories.status = 'answered' then 'natural'
            when trajectories.status in ('turn_cap', 'context_cap', 'timed_out', 'looped') then 'cut'
            else 'unfinished'
        end as ending,
        coalesce(trajectories.n_turns, unfinished.n_turns) as n_turns,
        case
            when trajectories.engine is distinct from 'import' and trajectories.ids is distinct from 'none'
            then coalesce(trajectories.n_tokens, unfinished.n_tokens)
        end as n_tokens
    from attempts
    left join trajectories using (trajectory_id)
    left join unfinished using (trajectory_id)
),

counted as (
    select
        domain,
        composer,
        ending,
        reason,
        count(*) as attempts,
        avg(n_turns) filter (n_turns > 0) as mean_turns,
        avg(n_tokens) filter (n_turns > 0) as mean_tokens
    from ended
    group by all
),

grouped as (
    select
        domain,
        composer,
        count(*) as planned,
        avg((ending = 'cut')::int) as share_cut,
        avg((ending = 'unfinished')::int) as share_unfinished,
        avg(n_turns) filter (ending = 'natural') as natural_mean_turns,
        avg(n_tokens) filter (ending = 'natural') as natural_mean_tokens
    from ended
    group by all
),

compared as (
    select
        counted.domain,
        counted.composer,
        counted.ending,
        counted.reason,
        counted.attempts,
        grouped.planned,
        counted.attempts / grouped.planned as share,
        grouped.share_cut,
        grouped.share_unfinished,
        counted.mean_turns,
        counted.mean_tokens,
        counted.mean_turns / grouped.natural_mean_turns as turns_to_natural,
        counted.mean_tokens / grouped.natural_mean_tokens as tokens_to_natural
    from counted
    join grouped using (domain, composer)
)

select *
from compared
order by domain, composer, ending = 'unfinished', ending = 'cut', attempts desc, reason
