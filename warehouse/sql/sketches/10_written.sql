-- one row per turn; adds written: reasoning and content of the agent or user as one text
select
    *,
    case
        when role not in ('assistant', 'user') then null
        when coalesce(content, '') = '' then coalesce(reasoning, '')
        when coalesce(reasoning, '') = '' then content
        else concat_ws(' ', reasoning, content)
    end as written
from turn_part
