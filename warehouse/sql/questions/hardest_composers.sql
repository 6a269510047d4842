-- one row per domain and composer: tasks, judged attempts and pass rate, the hardest first
-- question: Which tasks are hard, and which are too easy?
select
    domain,
    composer,
    count(*) as tasks,
    sum(judged)::bigint as judged,
    sum(solved) / nullif(sum(judged), 0) as pass_rate,
    count(*) filter (status = 'never_solved') as never_solved,
    count(*) filter (status = 'always_solved') as always_solved
from task_quality
group by domain, composer
order by pass_rate nulls last, domain, composer
