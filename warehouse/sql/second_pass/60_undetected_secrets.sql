-- one row per turn with secrets or personal data that were not counted at its capture: their number per kind, as JSON
with wanted as (
    select part, row
    from sketched_rows
    where needs_detection
),

scanned as materialized (
    select
        part,
        row,
        secrets_in(concat_ws(
            chr(10),
            content,
            reasoning,
            tool_calls,
            -- an older detector may have missed kinds that the current one finds
            case when redacted is null or detector is distinct from $detector then observation end
        )) as detected_secrets
    from turn_part
    semi join wanted using (part, row)
)

select part, row, detected_secrets
from scanned
where detected_secrets is not null
