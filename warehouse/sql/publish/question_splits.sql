-- one row per task that is kept or was published: its split, the same for all tasks with nearly the same question
with parameters as (
    select
        release_id,
        any_value((manifest ->> '$.settings.validation_share')::double) = $validation_share as same_share
    from release_parts
    where (manifest ->> '$.settings.seed')::bigint = $seed
    group by release_id
),

earlier as (
    select
        task_id,
        bool_or(published_parts.split = 'validation') as was_validation,
        bool_or(published_parts.split = 'train' and same_share) as was_train
    from published_parts
    join parameters using (release_id)
    group by task_id
),

grouped as (
    select
        task_id,
        arg_min(task_id, (created_at, task_id)) over alike as first_task,
        coalesce(bool_or(was_validation) over alike, false) as was_validation,
        coalesce(bool_or(was_train) over alike, false) as was_train
    from question_texts
    left join questions using (key)
    left join question_groups using (number)
    left join earlier using (task_id)
    window alike as (partition by coalesce(question_groups.leader::varchar, key))
)

-- a question stays in the split of the earlier releases with this seed, and in validation if it ever was there
select
    task_id,
    case
        when was_validation then 'validation'
        when was_train then 'train'
        when ('0x' || sha256('split:' || $seed || ':' || first_task)[:8])::bigint / 4294967296.0 < $validation_share
            then 'validation'
        else 'train'
    end as split
from grouped
