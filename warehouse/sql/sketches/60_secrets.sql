-- one row per turn; adds captured_secrets: the number of secrets per kind that were counted at capture, as JSON;
-- redacted_secrets: of those that placeholders replace in the text of the turn; and
-- needs_detection: true if the detector of version $detector has not scanned all of it
with scanned as (
    select
        *,
        case
            when detector is distinct from $detector then true
            else observation is not null and redacted is null
        end as needs_detection
    from turn_part
)

select *, case when not needs_detection then secrets end as captured_secrets, nullif(redacted, '{}') as redacted_secrets
from scanned
