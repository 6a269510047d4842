-- one row per domain and composer: tasks, refused candidates, passed probes, and pass rates of attempts
with made as (
    select
        domain,
        composer,
        count(*) as tasks,
        count(*) filter (oracle = 'passed') as oracle,
        count(*) filter (shortcuts = 'passed') as shortcuts,
        count(*) filter (digest = 'passed') as digest,
        count(*) filter (canary = 'passed') as canary,
        count(*) filter (blind = 'passed') as blind,
        sum(finished)::bigint as attempts,
        sum(solved) / nullif(sum(judged), 0) as pass_rate,
        count(*) filter (status = 'never_solved') as never_solved,
        count(*) filter (status = 'always_solved') as always_solved,
        count(*) filter (status = 'sometimes_solved') as sometimes_solved
    from task_quality
    group by domain, composer
),

turned_down as (
    select
        domain,
        composer,
        sum(n)::bigint as refused,
        coalesce(sum(n) filter (starts_with(reason, 'probe_')), 0)::bigint as refused_by_probes
    from refusals
    group by domain, composer
)

select
    domain,
    composer,
    coalesce(made.tasks, 0) as tasks,
    coalesce(turned_down.refused, 0) as refused,
    coalesce(turned_down.refused_by_probes, 0) as refused_by_probes,
    coalesce(made.oracle, 0) as oracle,
    coalesce(made.shortcuts, 0) as shortcuts,
    coalesce(made.digest, 0) as digest,
    coalesce(made.canary, 0) as canary,
    coalesce(made.blind, 0) as blind,
    coalesce(made.attempts, 0) as attempts,
    made.pass_rate,
    coalesce(made.never_solved, 0) as never_solved,
    coalesce(made.sometimes_solved, 0) as sometimes_solved,
    coalesce(made.always_solved, 0) as always_solved
from made
full join turned_down using (domain, composer)
order by domain, composer
