-- one row per trajectory: refuses attempts that no outcome verifier passed, of a final state those that one did not pass
-- without it: wrong answers are trained on. An imported set that calls its own row wrong is right about it. Verifiers of
-- an answer accept other forms of the same truth, those of a state other parts of it
with judged as (
    select
        trajectory_id,
        bool_or(passed) and not bool_or(reason = 'source_says_wrong') as passed,
        bool_and(passed) as all_passed,
        max(score) as score
    from verdicts
    where turn_index is null and judge_model is null and not list_contains($process_verifiers::varchar[], verifier)
    group by trajectory_id
)

select
    candidates.trajectory_id,
    coalesce(case when tasks.answer_form in ('state', 'files') then all_passed else passed end, false) as keep,
    case
        when keep then 'ok'
        when judged.passed is null then 'not_judged'
        else 'wrong_answer'
    end as reason,
    judged.score as value
from candidates
left join tasks on tasks.task_id = candidates.task_id
left join judged on judged.trajectory_id = candidates.trajectory_id
