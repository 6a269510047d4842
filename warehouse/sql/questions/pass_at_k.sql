-- one row per domain and k: the chance that one of k attempts at a task is right, over tasks with at least k judged attempts
-- question: What is pass@k?
-- The unbiased estimator of Chen et al. 2021: 1 - C(n - c, k) / C(n, k) for c right attempts of n, averaged over tasks.
with counted as (
    select domain, judged as n, solved as c, unnest([1, 2, 4, 8]) as k
    from task_quality
    where judged > 0
)

select
    domain,
    k,
    count(*) as tasks,
    avg(
        case
            when n - c < k then 1
            else 1 - exp(lgamma(n - c + 1) - lgamma(n - c - k + 1) - lgamma(n + 1) + lgamma(n - k + 1))
        end
    ) as pass_at_k
from counted
where n >= k
group by domain, k
order by domain, k
