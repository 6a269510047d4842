-- one row per word that is on some pages: the pages that have it in their text, link targets included
with words as (
    select doc_id, unnest(list_distinct(regexp_extract_all(lower(text), '[\p{L}\p{N}\p{M}_]+'))) as word
    from pages
)
select word, list(distinct doc_id order by doc_id) as doc_ids
from words
where length(word) between 4 and 24 and regexp_full_match(word, '[\p{L}\p{M}]+')
group by word
having count(distinct doc_id) between $least and $most
order by word
