-- one row per trajectory and question of `factory scan`: a model's answer, which no gate and no release reads
select
    trajectory_id,
    substr(verifier, 6) as question,
    reason as answer,
    turn_index,
    detail,
    judge_model,
    judge_prompt_sha256,
    version,
    run_id,
    date
from verdict_parts
where starts_with(verifier, 'scan:')
