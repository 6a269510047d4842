-- one row a probe: how often its words stand in the whole corpus, found by one pass over the text
with page_words as (
    select ' ' || regexp_replace(
        lower(regexp_replace(text, '\]\([^)]*\)', ' ', 'g')), '[^\p{L}\p{N}]+', ' ', 'g'
    ) || ' ' as words
    from pages
),
holding as (
    select words
    from page_words
    where regexp_matches(words, $any_probe)
)
select
    probe,
    sum((length(words) - length(replace(words, ' ' || probe || ' ', ' '))) // (length(probe) + 1))::bigint as n
from holding
join probes on contains(words, ' ' || probe || ' ')
group by probe
