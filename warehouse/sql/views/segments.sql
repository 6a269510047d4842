-- one row per segment of a trajectory: its turns, its copies and its tokens
select
    trajectory_id,
    segment,
    min(index) as first_index,
    count(*) as turns,
    count(copy_of) as copies,
    sum(n_tokens)::bigint as n_tokens,
    coalesce(sum(n_tokens) filter (copy_of is not null), 0)::bigint as n_copied_tokens
from stream_turns
group by trajectory_id, segment
