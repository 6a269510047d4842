-- one row per page of a walk, from the first page to the one that holds the answer
select
    steps.walk,
    nodes.doc_id,
    nodes.url,
    nodes.title,
    edges.anchor,
    pages.text[:$max_chars] as text,
    pages.license
from walk_steps as steps
join walk_nodes as nodes using (node)
join pages using (url)
left join walk_steps as next on next.walk = steps.walk and next.back = steps.back - 1
left join walk_edges as edges on edges.from_node = steps.node and edges.to_node = next.node
order by steps.walk, steps.back desc
