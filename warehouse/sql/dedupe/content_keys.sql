-- one row per trajectory: content_key, a hash of the task's instruction, the agent's turns in order, and the answer
with attempt_turns as (
    -- hashed twice: a hash of several values is linear in the last, so equal calls of two turns would cancel out
    select trajectory_id, bit_xor(hash(hash(index, text_hash, calls_hash))) as turns_hash, count(*) as turns
    from turn_facts
    where role = 'assistant'
    group by trajectory_id
)

select
    candidates.trajectory_id,
    hash(candidates.instruction, candidates.answer, coalesce(attempt_turns.turns_hash, 0), coalesce(attempt_turns.turns, 0)) as content_key,
    hash(coalesce(candidates.instruction, candidates.task_id)) as question,
    coalesce(attempt_turns.turns, 0) as turns
from candidates
left join attempt_turns on attempt_turns.trajectory_id = candidates.trajectory_id
