-- one row a trajectory: a hash of the task's words, of all that the agent wrote and did in order, and of its answer
-- hashed twice: a hash of several values is linear in the last, so that equal calls of two turns would cancel out
with done as (
    select trajectory_id, bit_xor(hash(hash(index, words, calls))) as deeds, count(*) as turns
    from turn_facts
    where role = 'assistant'
    group by trajectory_id
)

select
    candidates.trajectory_id,
    hash(candidates.instruction, candidates.answer, coalesce(done.deeds, 0), coalesce(done.turns, 0)) as work_key,
    hash(coalesce(candidates.instruction, candidates.task_id)) as question,
    coalesce(done.turns, 0) as turns
from candidates
left join done on done.trajectory_id = candidates.trajectory_id
