-- one row per n-gram of the batch that the benchmark index ($path) contains
select ngrams.id, ngrams.start, ngrams.n, indexed.item
from ngrams
join read_parquet($path) as indexed on indexed.key = ngrams.key and indexed.n = ngrams.n
