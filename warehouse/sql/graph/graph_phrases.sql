-- one row per phrase that begins lines of many pages before a number, such as `changed in version`
with begun as (
    select distinct
        doc_id,
        lower(unnest(regexp_extract_all(text, '(?:^|\n)(\p{Lu}\p{Ll}+(?: \p{Ll}+){1,3}) \p{Nd}', 1))) as phrase
    from pages
)
select phrase, count(*) as n_pages
from begun
group by phrase
having count(*) >= $min_pages
order by n_pages desc, phrase
limit $most
