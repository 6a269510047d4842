-- one row per probe: the number of its occurrences in the corpus, counted in one pass over the paragraphs
with paragraphs as (
    select unnest(string_split(text, chr(10) || chr(10))) as paragraph
    from pages
),
normalised as (
    select ' ' || trim(regexp_replace(
        lower(regexp_replace(paragraph, '\]\([^)]*\)', ' ', 'g')), '[^\p{L}\p{N}]+', ' ', 'g'
    )) || ' ' as words
    from paragraphs
),
anchored as (
    select words, unnest(list_distinct(string_split(words, ' '))) as anchor
    from normalised
)
select
    probe,
    sum((length(words) - length(replace(words, ' ' || probe || ' ', ' '))) // (length(probe) + 1))::bigint as n
from anchored
join probe_anchors using (anchor)
where contains(words, ' ' || probe || ' ')
group by probe
