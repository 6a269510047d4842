-- one row a trajectory: does the agent say the same again and again, within a message or from one to the next
-- without it: degenerate text, which has a high likelihood and so is learned first. After the repetition rules of Gopher
-- (Rae et al. 2021, table A1), looser: an agent quotes the question and its own plan
with said as (
    select
        trajectory_id,
        max(looped) as looped,
        count(words_hash) as messages,
        count(words_hash) - count(distinct words_hash) as repeated
    from turn_facts
    semi join candidates using (trajectory_id)
    group by trajectory_id
)

select
    candidates.trajectory_id,
    coalesce(looped, 0) < $max_repeated_share and not coalesce(messages >= 4 and repeated >= $max_repeated_share * messages, false) as keep,
    case when keep then 'ok' when coalesce(looped, 0) < $max_repeated_share then 'same_message' else 'same_words' end as reason,
    greatest(coalesce(looped, 0), coalesce(repeated / nullif(messages, 0), 0)) as value
from candidates
left join said using (trajectory_id)
