-- one row per benchmark file that the released rows were checked against: its items and its overlapping trajectories
select name, version, file, sha256, columns, items, short_items, trajectories as overlapping
from benchmarks
order by name, version, file
