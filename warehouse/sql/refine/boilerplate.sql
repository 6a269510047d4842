-- one row a window that one question in fifty shares (of a sample of 256): an agent's turns of phrase, no evidence
with asked as (
    select distinct question
    from works
    order by question
    limit 256
),

asked_in as materialized (
    select question, trajectory_id
    from works
    semi join asked using (question)
),

said as (
    select distinct asked_in.question, unnest(list_concat(turn.anchors, turn.triples)) as shingle
    from turn_facts as turn
    join asked_in using (trajectory_id)
    where turn.role = 'assistant'
)

select shingle
from said
group by shingle
having count(*) > greatest(3, (select count(*) from asked) / 50)
