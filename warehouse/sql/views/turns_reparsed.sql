-- one row per turn: `turns` with the newest parse of its token ids; observations stay as the agent read them
select
    turns.* replace (
        case when reparses.parse is null then turns.parse else reparses.parse end as parse,
        case when reparses.parse is null then turns.content else reparses.content end as content,
        case when reparses.parse is null then turns.reasoning else reparses.reasoning end as reasoning,
        case when reparses.parse is null then turns.tool_calls else reparses.tool_calls end as tool_calls
    ),
    reparses.reparsed_at
from turns
left join reparses on turns.trajectory_id = reparses.trajectory_id and turns.index = reparses.index
