-- one row per turn; adds holds_truth: true if its text holds the task's true answer as whole words; and n_evidence: the number
-- of pages with the answer that a tool result comes from or names
with texts as (
    select
        turn_part.*,
        ground_truths.truth,
        ground_truths.worded,
        ground_truths.evidence_urls,
        case turn_part.role
            when 'tool' then turn_part.observation
            when 'assistant' then turn_part.written
            when 'system' then null
            else turn_part.content
        end as text
    from turn_part
    left join ground_truths using (trajectory_id)
),

matched as (
    select
        *,
        case
            when role = 'assistant' then contains(text, truth) or coalesce(contains(tool_calls, truth), false)
            else contains(text, truth)
        end as matched
    from texts
),

-- the text around each occurrence; the first thirty are enough
split as (
    select
        *,
        case when matched and worded then
            string_split(case when role = 'assistant' then concat_ws(chr(10), text, tool_calls) else text end, truth)[:31]
        end as surroundings
    from matched
)

select
    * exclude (truth, worded, evidence_urls, text, matched, surroundings),
    case
        when not matched or surroundings is null then matched
        else list_bool_or(list_transform(
            range(1, len(surroundings)),
            lambda n:
                not regexp_matches(surroundings[n], '[\p{Latin}\p{Cyrillic}\p{Greek}\p{N}_]$')
                and not regexp_matches(surroundings[n + 1], '^[\p{Latin}\p{Cyrillic}\p{Greek}\p{N}_]')
        ))
    end as holds_truth,
    case when role = 'tool' then len(list_filter(
        evidence_urls,
        lambda address: url = address or contains(observation, address)
    )) end as n_evidence
from split
