-- one row per trajectory: refuses attempts that a judge model failed; keeps those that no judge model read
-- the newest night of each judge counts: a changed rubric or model replaces its earlier verdicts
-- without it: faults that only a reader sees (a right answer for the wrong reasons) are trained on
with newest as (
    select trajectory_id, passed, score
    from verdicts
    semi join candidates using (trajectory_id)
    where turn_index is null and judge_model is not null
    qualify run_id = max(run_id) over (partition by trajectory_id, verifier)
),

judged as (
    select trajectory_id, bool_and(passed) as passed, min(score) as score
    from newest
    group by trajectory_id
)

select
    candidates.trajectory_id,
    coalesce(passed, true) as keep,
    case when passed is null then 'not_judged' when passed then 'ok' else 'judge_refused' end as reason,
    score as value
from candidates
left join judged using (trajectory_id)
