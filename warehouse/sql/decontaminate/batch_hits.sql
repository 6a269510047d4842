-- one row a run of words that stands in a text and in the benchmark
select windows.id, windows.start, windows.n, indexed.item
from windows
join read_parquet($path) as indexed on indexed.key = windows.key and indexed.n = windows.n
