-- one row a turn of a work: its windows, and the question that the work is about
select
    works.work,
    works.question,
    (turn.index % 2_147_483_647)::integer as index,
    turn.role = 'assistant' as by_agent,
    turn.anchors,
    turn.triples
from turn_facts as turn
join works using (trajectory_id)
where turn.words is not null
