-- one row per turn whose token ids, mask and log-probabilities have inconsistent lengths
with measured as (
    select
        trajectory_id,
        index,
        n_tokens,
        len(token_ids) as ids,
        len(sampled) as mask,
        len(list_filter(sampled, lambda one: one)) as sampled_ids,
        len(logprobs) as logprobs
    from turns
)

select *
from measured
where ids <> n_tokens or mask <> n_tokens or sampled_ids <> logprobs
