-- one row a turn with secrets or personal data in it: JSON of how many of each kind, as the detector of that version says
-- what a tool returned was redacted before the agent saw it; it is read again only where nobody did that
with written as (
    select
        trajectory_id,
        index,
        concat_ws(chr(10), content, reasoning, tool_calls, case when redacted is null then observation end) as text
    from turn_part
),

judged as materialized (
    select trajectory_id, index, $detector as detector, secrets_in(text) as found
    from written
    where text <> ''
)

select * from judged where found is not null
