-- one row per content_key: a number, the first trajectory with this content, and its question
with firsts as (
    select content_key, min(trajectory_id) as trajectory_id, any_value(question) as question, any_value(turns) as turns
    from content_keys
    group by content_key
)

select
    row_number() over (order by trajectory_id)::integer as attempt,
    content_key,
    trajectory_id,
    question,
    turns
from firsts
