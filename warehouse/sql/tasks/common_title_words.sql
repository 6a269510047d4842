-- one row per word that occurs in so many titles that it identifies no page
with words as (
    select distinct url, unnest(regexp_extract_all(lower(title), '[\p{L}\p{N}\p{M}]+')) as word
    from pages
)
select word
from words
group by word
having count(*) >= greatest(5, 0.02 * (select count(*) from pages))
