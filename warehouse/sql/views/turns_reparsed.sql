-- one row per turn: `turns` with the newest parse of its token ids; observations stay as the agent read them
select
    turns.* replace (
        if(reparses.parse is null, turns.parse, reparses.parse) as parse,
        if(reparses.parse is null, turns.content, reparses.content) as content,
        if(reparses.parse is null, turns.reasoning, reparses.reasoning) as reasoning,
        if(reparses.parse is null, turns.tool_calls, reparses.tool_calls) as tool_calls
    ),
    reparses.reparsed_at
from turns
left join reparses on turns.trajectory_id = reparses.trajectory_id and turns.index = reparses.index
