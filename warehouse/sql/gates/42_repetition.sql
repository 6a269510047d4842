-- one row per trajectory: refuses attempts whose agent repeats the same text, within a message or across messages
-- without it: a student learns degenerate text early, since its likelihood is high. After the repetition rules of Gopher
-- (Rae et al. 2021, table A1) with looser limits: an agent quotes the question and its own plan. A song or a poem that is the task
-- may repeat its lines
with repeats as (
    select
        trajectory_id,
        max(looped_share) as looped_share,
        max(repeated_share) as repeated_share,
        count(message_hash) as messages,
        count(message_hash) - count(distinct message_hash) as repeated
    from turn_facts
    semi join candidates using (trajectory_id)
    group by trajectory_id
),

judged as (
    select
        candidates.trajectory_id,
        case
            when coalesce(messages >= 4 and repeated >= $max_repeated_share * messages, false) then 'same_message'
            when coalesce(looped_share, 0) >= $max_repeated_share and not coalesce(matches(instruction, $asks_for_repeats_list), false) then 'same_words'
            when coalesce(repeated_share, 0) >= $max_repeated_share and not coalesce(matches(instruction, $asks_for_repeats_list), false) then 'same_sentence'
            else 'ok'
        end as reason,
        greatest(coalesce(looped_share, 0), coalesce(repeated_share, 0), coalesce(repeated / nullif(messages, 0), 0)) as value
    from candidates
    left join repeats using (trajectory_id)
)

select trajectory_id, reason = 'ok' as keep, reason, value
from judged
