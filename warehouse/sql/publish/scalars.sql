-- one row per trajectory to publish: every column of a shard except messages and tokens, with its position and bucket
with newest as (
    select *
    from verdicts
    semi join chosen using (trajectory_id)
    qualify row_number() over (
        partition by trajectory_id, turn_index, verifier order by verdicts.run_id desc, version desc, reason
    ) = 1
),
of_trajectory as (
    select
        trajectory_id,
        to_json(map_from_entries(list(
            {k: verifier, v: {passed: passed, score: score, reason: reason}} order by verifier
        ))) as verdicts
    from newest
    where turn_index is null
    group by trajectory_id
),
of_turns as (
    select
        trajectory_id,
        verifier,
        count(*) filter (passed) as n_passed,
        count(*) filter (not passed) as n_failed
    from newest
    where turn_index is not null
    group by trajectory_id, verifier
),
turn_counts as (
    select
        trajectory_id,
        to_json(map_from_entries(list(
            {k: verifier, v: {passed: n_passed, failed: n_failed}} order by verifier
        ))) as turn_verdicts
    from of_turns
    group by trajectory_id
)
select
    chosen.position,
    chosen.bucket,
    chosen.trajectory_id,
    chosen.task_id,
    chosen.split,
    trajectories.* exclude (trajectory_id, task_id, answer, system, started_at, ended_at, error, date),
    trajectories.answer as final_answer,
    tasks.instruction,
    tasks.answer,
    tasks.hops,
    tasks.composer,
    tasks.evidence,
    list_transform(
        list_filter(tasks.path, lambda hop: list_contains(tasks.evidence, hop.doc_id)), lambda hop: hop.url
    ) as evidence_urls,
    decisions.gates,
    decisions.calls_to_solve,
    decisions.answer_seen_at,
    decisions.named_early,
    decisions.distinct_pages,
    decisions.repeated_queries,
    decisions.pass_rate,
    coalesce(of_trajectory.verdicts, '{}') as verdicts,
    coalesce(turn_counts.turn_verdicts, '{}') as turn_verdicts
from chosen
join trajectories using (trajectory_id)
join tasks on tasks.task_id = chosen.task_id
join decisions using (trajectory_id)
left join of_trajectory using (trajectory_id)
left join turn_counts using (trajectory_id)
