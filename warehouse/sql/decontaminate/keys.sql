-- one row a run of words of a benchmark, with the first of its items; what stands in a hundred places is its form, not an item
select key, n, min(item) as item
from read_parquet($path)
group by key, n
having count(*) < 100
