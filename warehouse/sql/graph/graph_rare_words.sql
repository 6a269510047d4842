-- one row per word of the corpus that is on few pages
with words as (
    select doc_id, unnest(list_distinct(regexp_extract_all(lower(text), '[\p{L}\p{N}\p{M}]+'))) as word
    from pages
    where url in (select min(url) from pages group by doc_id)
)
select word
from words
where length(word) >= 4
group by word
having count(*) <= $few
