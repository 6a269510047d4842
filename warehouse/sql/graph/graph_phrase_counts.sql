-- one row per page and phrase: how often the phrase is in the text as whole words, in any case
with folded as (
    select doc_id, ' ' || trim(regexp_replace(lower(text), '[^\p{L}\p{N}]+', ' ', 'g')) || ' ' as words
    from pages
)
select
    doc_id,
    phrase,
    ((length(words) - length(replace(words, ' ' || phrase || ' ', ' '))) / (length(phrase) + 1))::double as value
from folded
cross join (select unnest($phrases) as phrase)
where contains(words, phrase)
order by doc_id, phrase
