-- one row a probe: how often its words stand in the whole corpus
with page_words as (
    select ' ' || regexp_replace(
        lower(regexp_replace(text, '\]\([^)]*\)', ' ', 'g')), '[^\p{L}\p{N}]+', ' ', 'g'
    ) || ' ' as words
    from pages
),
counted as (
    select
        probes.probe,
        (length(page_words.words) - length(replace(page_words.words, ' ' || probes.probe || ' ', '')))
        // (length(probes.probe) + 2) as n
    from page_words
    join probes on contains(page_words.words, ' ' || probes.probe || ' ')
)
select probe, sum(n)::bigint as n
from counted
group by probe
