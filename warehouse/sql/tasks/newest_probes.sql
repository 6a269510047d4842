-- one row per domain and probe: results among its tasks of the newest night that composed some
with newest as (
    select *
    from task_quality
    qualify run_id = max(run_id) over (partition by domain)
),

results as (
    unpivot (select domain, run_id, oracle, shortcuts, digest, canary, blind from newest)
    on oracle, shortcuts, digest, canary, blind
    into name probe value result
)

select domain, probe, count(*) filter (result = 'passed') as passed, count(*) as tasks, any_value(run_id) as run_id
from results
group by domain, probe
order by domain, probe
