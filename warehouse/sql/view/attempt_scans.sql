-- one row per question that a scan answered about an attempt, the newest answer of each model
select question, answer, turn_index, detail, judge_model, run_id
from scans
where trajectory_id = $trajectory_id
qualify row_number() over (partition by question, judge_model order by run_id desc, version) = 1
order by question, judge_model
