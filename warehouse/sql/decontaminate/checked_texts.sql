-- one row per text to check for benchmark overlaps: a task's instruction or answer, a trajectory's answer, an argument of a call,
-- the agent's words, a system prompt (once, its owner is its MD5)
with texts as (
    select distinct task_id as owner, 'instruction' as field, null::bigint as index, instruction as text
    from candidates
    union all
    select distinct task_id, 'answer', null, true_answer
    from candidates
    union all
    select trajectory_id, 'answer', null, answer
    from candidates
    union all
    select distinct md5(system), 'system_prompt', null, system
    from trajectories
    semi join candidates using (trajectory_id)
    where $decontaminating
),

hashed as (
    select owner, field, index, word_hashes(text) as words
    from texts
    where $decontaminating and text <> ''
    union all
    select trajectory_id, 'query', index, unnest(argument_words)
    from turn_facts
    semi join candidates using (trajectory_id)
    where argument_words is not null
    union all
    select trajectory_id, if(role = 'system', 'system_prompt', 'agent_words'), index, agent_words
    from turn_facts
    semi join candidates using (trajectory_id)
    where agent_words is not null
)

select row_number() over () - 1 as id, *
from hashed
where len(words) > 0
