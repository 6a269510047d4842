-- one row per page, the twenty of which the most released rows were made
-- question: Which pages is the release made of?
with used as (
    select published.trajectory_id, unnest(tasks.evidence) as doc_id
    from published
    join tasks using (task_id)
)

select
    documents.url,
    any_value(documents.title) as title,
    count(distinct used.trajectory_id) as rows
from used
join documents using (doc_id)
group by documents.url
order by rows desc, documents.url
limit 20
