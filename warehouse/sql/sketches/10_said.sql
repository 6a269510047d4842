-- one row a turn; adds said: what the agent or the user wrote, in one text
select
    *,
    case
        when role not in ('assistant', 'user') then null
        when coalesce(content, '') = '' then coalesce(reasoning, '')
        when coalesce(reasoning, '') = '' then content
        else concat_ws(' ', reasoning, content)
    end as said
from turn_part
