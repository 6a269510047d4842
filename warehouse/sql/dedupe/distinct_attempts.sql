-- one row a distinct piece of work: the first trajectory that did it, and the question that it is about
with firsts as (
    select work_key, min(trajectory_id) as trajectory_id, any_value(question) as question, any_value(turns) as turns
    from work_keys
    group by work_key
)

select
    row_number() over (order by trajectory_id)::integer as work,
    work_key,
    trajectory_id,
    question,
    turns
from firsts
