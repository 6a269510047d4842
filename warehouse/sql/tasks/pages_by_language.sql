-- one row per language of the pages that tasks can be made of, the most frequent first
select coalesce(lang, 'unknown') as language, count(*) as n_pages, sum(n_chars)::bigint as n_chars
from pages
group by language
order by n_pages desc, language
