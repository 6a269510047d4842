-- one row per possible walk: its last page, in the night's order, and the number of hyperlinks it should have
with shuffled as (
    select node, md5($key || url) as hash
    from walk_nodes
    where not used
)
select
    row_number() over (order by hash) as walk,
    node,
    $min_hops + least($max_hops - $min_hops, floor(-log2(1 - ('0x' || hash[9:16])::ubigint / 4294967296)))::integer as hops
from shuffled
