-- one row a turn; adds said: what the agent or the user wrote, in one text
-- and what was told of secrets when it was captured: found; unseen: the detector of version $detector did not look at all of it
select
    *,
    case
        when role not in ('assistant', 'user') then null
        when coalesce(content, '') = '' then coalesce(reasoning, '')
        when coalesce(reasoning, '') = '' then content
        else concat_ws(' ', reasoning, content)
    end as said,
    case
        when detector is distinct from $detector then true
        else observation is not null and redacted is null
    end as unseen,
    case when not unseen then secrets end as found
from turn_part
