-- one row per turn whose token ids, mask and log-probabilities have inconsistent lengths, or that has ids in a trajectory of text only
with imported as (
    select trajectory_id
    from trajectories
    where engine = 'import'
),

measured as (
    select
        trajectory_id,
        index,
        n_tokens,
        len(token_ids) as ids,
        len(sampled) as mask,
        len(list_filter(sampled, lambda one: one)) as sampled_ids,
        len(logprobs) as logprobs
    from stream_turns
)

select measured.*
from measured
left join imported using (trajectory_id)
where
    -- the tokens of an imported turn are counted from its text
    (ids <> n_tokens and (imported.trajectory_id is null or ids > 0))
    or mask <> ids
    or sampled_ids <> logprobs
    or (ids > 0 and trajectory_id in (select trajectory_id from trajectories where trajectories.ids = 'none'))
