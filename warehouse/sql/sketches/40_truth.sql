-- one row a turn; adds holds_truth: does its text hold the task's true answer as whole words (the question, a page, what the
-- agent wrote), and n_evidence: how many of the pages that hold the answer are opened or named in what a tool returned
with texts as (
    select
        turn_part.*,
        truths.truth,
        truths.worded,
        truths.evidence_urls,
        case turn_part.role
            when 'tool' then turn_part.observation
            when 'assistant' then turn_part.said
            when 'system' then null
            else turn_part.content
        end as heard
    from turn_part
    left join truths using (trajectory_id)
),

named as (
    select
        *,
        case
            when role = 'assistant' then contains(heard, truth) or coalesce(contains(tool_calls, truth), false)
            else contains(heard, truth)
        end as named
    from texts
),

-- what stands around each place; thirty of them say enough
split as (
    select
        *,
        case when named and worded then
            string_split(case when role = 'assistant' then concat_ws(chr(10), heard, tool_calls) else heard end, truth)[:31]
        end as around
    from named
)

select
    * exclude (truth, worded, evidence_urls, heard, named, around),
    case
        when not named or around is null then named
        else list_bool_or(list_transform(
            range(1, len(around)),
            lambda n:
                not regexp_matches(around[n], '[\p{Latin}\p{Cyrillic}\p{Greek}\p{N}_]$')
                and not regexp_matches(around[n + 1], '^[\p{Latin}\p{Cyrillic}\p{Greek}\p{N}_]')
        ))
    end as holds_truth,
    case when role = 'tool' then len(list_filter(
        evidence_urls,
        lambda address: url = address or contains(observation, address)
    )) end as n_evidence
from split
