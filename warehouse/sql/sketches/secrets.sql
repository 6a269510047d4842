-- one row a turn with secrets or personal data in it: JSON of how many of each kind, as the detector of that version says
-- what that detector looked at when the turn was captured is not read again, nor what a tool returned and was redacted
with turns_seen as (
    select
        *,
        detector is not distinct from $detector as seen,
        observation is not null and redacted is null as unredacted
    from turn_part
),

judged as materialized (
    select
        trajectory_id,
        index,
        secrets_in(concat_ws(
            chr(10),
            content,
            reasoning,
            tool_calls,
            case when unredacted then observation end
        )) as found
    from turns_seen
    where not seen or unredacted
),

known as (
    select trajectory_id, index, secrets as found
    from turns_seen
    where seen and secrets is not null and not unredacted
)

select trajectory_id, index, $detector as detector, found
from (from judged union all from known)
where found is not null
