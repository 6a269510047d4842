-- one row per word that is on some pages: the pages that have it in their text, link targets included; Chinese writes no
-- spaces: its words are pairs of characters, as in the search index, of which at least half of the pages with the rarer
-- character have the pair
with lowered as (
    select doc_id, lower(text) as text
    from pages
    where url in (select min(url) from pages group by doc_id)
),
spaced as materialized (
    select doc_id, unnest(list_distinct(regexp_extract_all(text, '[\p{L}\p{N}\p{M}_]+'))) as word
    from lowered
),
counted as (
    select word
    from spaced
    where length(word) between 4 and 24
    group by word
    having count(*) between $least and $most
),
letters as (
    select word
    from counted
    where regexp_full_match(word, '[\p{L}\p{M}]+') and not regexp_matches(word, '\p{Han}')
),
spaced_words as (
    select word, list(doc_id order by doc_id) as doc_ids
    from spaced
    join letters using (word)
    group by word
),
han_runs as (
    select doc_id, unnest(list_distinct(regexp_extract_all(text, '\p{Han}+'))) as run
    from lowered
    where strlen(text) > length(text)  -- not in ASCII alone
),
characters as (
    select character, count(distinct doc_id) as n_pages
    from (select doc_id, unnest(string_split(run, '')) as character from han_runs)
    group by character
),
pairs as (
    select pair, list(distinct doc_id order by doc_id) as doc_ids
    from (
        select doc_id, unnest(list_transform(range(1, length(run)), lambda place: substring(run, place, 2))) as pair
        from han_runs
    )
    group by pair
    having count(distinct doc_id) between $least and $most
),
pair_words as (
    select pairs.pair as word, pairs.doc_ids
    from pairs
    join characters as opening on opening.character = left(pairs.pair, 1)
    join characters as closing on closing.character = right(pairs.pair, 1)
    where 2 * len(pairs.doc_ids) >= least(opening.n_pages, closing.n_pages)
)
select word, doc_ids
from spaced_words
union all
select word, doc_ids
from pair_words
order by word
