-- one row per tool: its calls, and the shares whose answer was a fault, refused by a rule, empty or cut
-- question: Which tools fail, and how often?
select
    tool,
    sum(calls)::bigint as calls,
    sum(fault) / sum(calls) as fault,
    sum(blocked) / sum(calls) as blocked,
    sum(empty) / sum(calls) as empty,
    sum(truncated) / sum(calls) as truncated
from tool_use
group by tool
order by fault desc, blocked desc, empty desc, tool
