-- one row per trajectory that outcome verifiers judged: its stratum (the combination of verdicts) and its place in a seeded draw
with judged as (
    select distinct on (verdicts.trajectory_id, verdicts.verifier)
        verdicts.trajectory_id,
        verdicts.verifier,
        verdicts.version,
        verdicts.passed
    from verdicts
    semi join candidates using (trajectory_id)
    where verdicts.turn_index is null and not list_contains($process_verifiers::varchar[], verdicts.verifier)
    order by verdicts.trajectory_id, verdicts.verifier, verdicts.run_id desc, verdicts.version desc, verdicts.passed
),

grouped as (
    select
        trajectory_id,
        string_agg(verifier || case when passed then ':passed' else ':failed' end, ' ' order by verifier) as stratum,
        list({verifier: verifier, version: version, passed: passed} order by verifier) as verdicts
    from judged
    group by trajectory_id
)

select
    trajectory_id,
    stratum,
    verdicts,
    count(*) over (partition by stratum) as stratum_rows,
    sha256($seed || ':' || trajectory_id) as lot
from grouped
