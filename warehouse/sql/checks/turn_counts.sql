-- one row per trajectory whose counts differ from those of its turns
with counted as (
    select
        trajectory_id,
        count(*) filter (role = 'assistant') as n_turns,
        sum(n_tokens)::bigint as n_tokens,
        coalesce(sum(n_tokens) filter (role = 'tool'), 0)::bigint as n_observation_tokens,
        sum(coalesce(sampled_tokens, len(logprobs)))::bigint as n_sampled_tokens
    from turns
    group by trajectory_id
)

select
    trajectory_id,
    trajectories.n_turns,
    counted.n_turns as turns_found,
    trajectories.n_tokens,
    counted.n_tokens as tokens_found,
    trajectories.n_sampled_tokens,
    counted.n_sampled_tokens as sampled_found,
    trajectories.n_observation_tokens,
    counted.n_observation_tokens as observed_found
from trajectories
join counted using (trajectory_id)
where
    trajectories.n_turns <> counted.n_turns
    or trajectories.n_tokens <> counted.n_tokens
    or trajectories.n_sampled_tokens <> counted.n_sampled_tokens
    or trajectories.n_observation_tokens <> counted.n_observation_tokens
