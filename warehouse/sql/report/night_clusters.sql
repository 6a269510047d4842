-- one row per cluster of duplicates with an attempt of the narrowed nights: the $limit largest, each with its keeper and three others
select
    cluster_id,
    any_value(domain) as domain,
    max(size) as size,
    count(*) as attempts,
    any_value(keeper_id) as keeper_id,
    avg(similarity) filter (not keeps) as mean_similarity,
    list_sort(min(trajectory_id, 3) filter (not keeps)) as members
from duplicates
group by cluster_id
having max(size) > 1
order by size desc, cluster_id
limit $limit
