-- one row per trajectory: refuses attempts whose task, system prompt, answer, call or other words share 13 consecutive words with a benchmark, or hold a whole shorter item
-- without it: a student is evaluated on items that it was trained on. Pages that were read do not count
with worst as (
    select
        trajectory_id,
        arg_min(field, list_position(['instruction', 'answer', 'query', 'agent_words', 'system_prompt'], field)) as field,
        max(n_words) as n_words
    from overlap_spans
    group by trajectory_id
)

select
    candidates.trajectory_id,
    worst.n_words is null as keep,
    coalesce('in_' || worst.field, 'ok') as reason,
    coalesce(worst.n_words, 0) as value
from candidates
left join worst using (trajectory_id)
