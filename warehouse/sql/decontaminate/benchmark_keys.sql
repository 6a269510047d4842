-- one row per n-gram of a benchmark, with the first of its items. N-grams in a hundred distinct texts are excluded: they belong to
-- the benchmark's format. So are n-grams of fewer than $whole_only words in a hundred rows: common short answers
with texts as (
    select key, n, text, min(item) as item, any_value(head) as head, count(*) as rows
    from read_parquet($path)
    group by key, n, text
)

select key, n, min(item) as item, any_value(head) as head
from texts
group by key, n
having count(*) < 100 and (n >= $whole_only or sum(rows) < 100)
