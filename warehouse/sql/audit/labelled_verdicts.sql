-- one row a verifier of a trajectory that a person checked: its verdict beside what the person says
select
    $audit_id as audit_id,
    strata.trajectory_id,
    told.verdict.verifier,
    told.verdict.version,
    told.verdict.passed,
    labels.is_correct,
    strata.stratum,
    strata.stratum_rows,
    labels.note,
    $audited_at::timestamptz as audited_at,
    $run_id as run_id
from labels
join strata using (trajectory_id)
cross join unnest(strata.said) as told(verdict)
order by strata.trajectory_id, told.verdict.verifier
