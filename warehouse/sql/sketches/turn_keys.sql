-- one row a turn of the agent: hashes of what it wrote and of the calls it made, and how long both are
select
    trajectory_id,
    index,
    md5_number_lower(concat_ws(chr(0), coalesce(content, ''), coalesce(reasoning, ''))) as words,
    md5_number_lower(coalesce(tool_calls, '')) as calls,
    coalesce(strlen(content), 0) + coalesce(strlen(reasoning), 0) + coalesce(strlen(tool_calls), 0) as bytes
from turn_part
where role = 'assistant'
