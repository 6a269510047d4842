-- one row per probe: its rarest word, as estimated from a sample of pages, by which its occurrences are found
with probe_words as (
    select distinct probe, unnest(string_split(probe, ' ')) as word
    from probes
),
some_words as (
    select unnest(list_distinct(regexp_extract_all(
        replace(lower(text), 'ς', 'σ'),
        '[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}ー]|[\p{L}\p{N}\p{M}]+'
    ))) as word
    from (select text from pages limit 2000)
),
counted as (
    select word, count(*) as n
    from some_words
    semi join probe_words using (word)
    group by word
)
select probe, arg_min(word, (coalesce(n, 0), -length(word))) as anchor
from probe_words
left join counted using (word)
group by probe
