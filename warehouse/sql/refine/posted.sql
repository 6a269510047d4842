-- one row a work, turn and window to be found by: two a turn, all where turns are few
select
    works.work,
    works.question,
    turn.index,
    unnest(
        case
            when works.turns > 16 then [turn.lowest, turn.highest]
            else list_concat(turn.anchors, turn.triples)
        end
    ) as shingle
from turn_facts as turn
join works using (trajectory_id)
where turn.role = 'assistant' and turn.lowest is not null
