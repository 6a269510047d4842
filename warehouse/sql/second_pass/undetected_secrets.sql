-- one row a turn with secrets or personal data in it that its capture does not tell: JSON of how many of each kind
with wanted as (
    select part, row
    from told
    where unseen
),

looked_at as materialized (
    select
        part,
        row,
        secrets_in(concat_ws(
            chr(10),
            content,
            reasoning,
            tool_calls,
            -- an older detector redacted what it knew of
            case when redacted is null or detector is distinct from $detector then observation end
        )) as found_now
    from turn_part
    semi join wanted using (part, row)
)

select part, row, found_now
from looked_at
where found_now is not null
