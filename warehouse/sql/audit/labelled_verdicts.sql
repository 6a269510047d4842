-- one row per verifier of a labelled trajectory: its verdict and the person's label
select
    $audit_id as audit_id,
    strata.trajectory_id,
    judged.verdict.verifier,
    judged.verdict.version,
    judged.verdict.passed,
    labels.is_correct,
    strata.stratum,
    strata.stratum_rows,
    labels.note,
    $audited_at::timestamptz as audited_at,
    $run_id as run_id
from labels
join strata using (trajectory_id)
cross join unnest(strata.verdicts) as judged(verdict)
order by strata.trajectory_id, judged.verdict.verifier
