-- one row a window that one question in fifty shares (of a sample of 256): an agent's turns of phrase, no evidence
with asked as (
    select distinct question
    from works
    order by question
    limit 256
),

said as (
    select distinct question, unnest(list_concat(anchors, triples)) as shingle
    from work_turns
    semi join asked using (question)
    where by_agent
)

select shingle
from said
group by shingle
having count(*) > greatest(3, (select count(*) from asked) / 50)
