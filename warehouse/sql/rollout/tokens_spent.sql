-- one row: the tokens that all tries of a run have sampled so far
select coalesce(sum(sampled_tokens + coalesce(user_tokens, 0)), 0)::bigint from rollouts where started_at >= $since
