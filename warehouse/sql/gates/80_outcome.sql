-- one row per trajectory: refuses attempts that no outcome verifier passed
-- without it: wrong answers are trained on. An imported set that calls its own row wrong is right about it
with judged as (
    select
        trajectory_id,
        bool_or(passed) and not bool_or(reason = 'source_says_wrong') as passed,
        max(score) as score
    from verdicts
    where turn_index is null and judge_model is null and not list_contains($process_verifiers::varchar[], verifier)
    group by trajectory_id
)

select
    candidates.trajectory_id,
    coalesce(judged.passed, false) as keep,
    case
        when judged.passed then 'ok'
        when judged.passed is null then 'not_judged'
        else 'wrong_answer'
    end as reason,
    judged.score as value
from candidates
left join judged using (trajectory_id)
