-- one row per hyperlink between two pages that a walk may visit
select source.node as from_node, target.node as to_node, links.anchor
from page_links as links
join walk_nodes as source on source.url = links.from_url
join walk_nodes as target on target.url = links.to_url
