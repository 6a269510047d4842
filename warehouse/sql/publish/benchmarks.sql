-- one row a benchmark file that the released rows were checked against
select name, version, file, sha256, columns, items, short_items, trajectories as overlapping
from benchmarks
order by name, version, file
