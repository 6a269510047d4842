-- one row per attempt with the text in a turn: in the agent's words, its calls, or what its tools returned
select distinct trajectory_id
from turns
where contains(lower(observation), lower($words))
    or contains(lower(reasoning), lower($words))
    or contains(lower(content), lower($words))
    or contains(lower(tool_calls), lower($words))
