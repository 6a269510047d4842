-- one row per turn; adds scripts_read: the scripts other than Latin that a text which the agent read has letters of
select
    *,
    -- only text outside ASCII can be of another script
    case
        when role = 'assistant' then null
        when strlen(observation) > length(observation) or strlen(content) > length(content)
            then nullif(scripts_in(concat_ws(' ', content, observation)), [])
    end as scripts_read
from turn_part
