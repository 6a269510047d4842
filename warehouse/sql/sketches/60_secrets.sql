-- one row a turn; adds what was told of secrets when it was captured: found, their kinds and how many; and unseen, whether the
-- detector of version $detector did not look at all of it
with looked_at as (
    select
        *,
        case
            when detector is distinct from $detector then true
            else observation is not null and redacted is null
        end as unseen
    from turn_part
)

select *, case when not unseen then secrets end as found
from looked_at
