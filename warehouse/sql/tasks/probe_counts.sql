-- one row per probe: the number of its occurrences in the corpus, counted in one pass over the paragraphs, whose words
-- have the form of `lowercase_words` in `sources/index/scripts.py`
with paragraphs as (
    select unnest(string_split(text, chr(10) || chr(10))) as paragraph
    from pages
),
lowered as (
    select replace(lower(regexp_replace(paragraph, '\]\([^)]*\)', ' ', 'g')), 'ς', 'σ') as paragraph
    from paragraphs
),
letters_apart as (
    select case
        when strlen(paragraph) = length(paragraph) then paragraph  -- ASCII
        else regexp_replace(
            paragraph, '([\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}ー])', ' \1 ', 'g'
        )
    end as paragraph
    from lowered
),
normalised as (
    select ' ' || trim(regexp_replace(paragraph, '[^\p{L}\p{N}\p{M}]+', ' ', 'g')) || ' ' as words
    from letters_apart
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
