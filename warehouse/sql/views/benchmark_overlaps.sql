-- one row per trajectory and span of words that a benchmark contains too, of the newest refine; field names its place: instruction,
-- system_prompt, answer, query (a call's argument) or agent_words (reasoning and content)
select *
from overlap_parts
where decided_at = (select max(decided_at) from decision_parts)
