-- one row per walk that continues one hyperlink back: to a page that it has not visited, preferably an unused one
with tips as (
    select steps.walk, steps.node
    from walk_steps as steps
    join walk_ends as ends using (walk)
    where steps.back = $back - 1 and ends.hops >= $back
)
select
    tips.walk,
    $back as back,
    arg_min(edges.from_node, (source.used::integer, md5($key || tips.walk || '/' || source.url))) as node
from tips
join walk_edges as edges on edges.to_node = tips.node
join walk_nodes as source on source.node = edges.from_node
where not exists (
    from walk_steps as visited
    where visited.walk = tips.walk and visited.node = edges.from_node
)
group by tips.walk
