-- one row a run of words of a benchmark, with the first of its items; what stands in a hundred texts is its form, not an item
-- rows that say the same are one text; but a few words that a hundred rows give for an answer are no item either
with texts as (
    select key, n, text, min(item) as item, count(*) as rows
    from read_parquet($path)
    group by key, n, text
)

select key, n, min(item) as item
from texts
group by key, n
having count(*) < 100 and (n >= $whole_only or sum(rows) < 100)
