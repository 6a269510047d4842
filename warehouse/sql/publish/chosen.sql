-- one row per trajectory to publish: its split, its position in the seeded shuffle, its bucket, and its tokens with those of copies
with sizes as (
    select
        trajectory_id,
        sum(n_chars) as n_chars,
        sum(n_tokens) as n_stream_tokens,
        coalesce(sum(n_tokens) filter (copy_of is not null), 0)::bigint as n_copied_tokens
    from stream_turns
    group by trajectory_id
),
kept as (
    select
        trajectory_id,
        task_id,
        domain,
        n_tokens + coalesce(n_copied_tokens, 0) as n_tokens,
        coalesce(n_segments, 1) as n_segments,
        parent_id,
        engine <> 'import' and trajectories.ids is distinct from 'none' as has_ids,
        ended_at,
        trajectories.run_id as run_id,
        refine_id,
        split,
        sha256('shuffle:' || $seed || ':' || trajectory_id) as place,
        coalesce(n_chars + 6 * n_stream_tokens, 0) + length(system) + length(tools) as weight
    from decisions
    join trajectories using (trajectory_id)
    join question_splits using (task_id)
    left join sizes using (trajectory_id)
    anti join license_refusals using (trajectory_id)
    where kept
)
select
    * exclude (place, weight),
    row_number() over shuffled - 1 as position,
    split || '-' || lpad(
        ((sum(weight) over (partition by split order by place rows unbounded preceding) - weight) // $bucket_bytes)::varchar,
        6, '0'
    ) as bucket
from kept
window shuffled as (order by split, place)
order by position
