-- one row per pair of pages of which one has a name of the other in its text, as rules found it: link words, code, names
with written as (
    select doc_id, url, kind, replace(lower(case when kind = 'item' then label else text end), 'ς', 'σ') as name
    from facts
    where kind in ('name', 'item', 'pair', 'alias')
),
named as (  -- names in the form of `lowercase_words` in `sources/index/scripts.py`
    select
        doc_id,
        url,
        kind,
        trim(regexp_replace(
            regexp_replace(
                name, '([\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}ー])', ' \1 ', 'g'
            ),
            '[^\p{L}\p{N}\p{M}]+', ' ', 'g'
        )) as name
    from written
),
aliases as (
    select doc_id, url, name
    from named
    where kind = 'alias'
    qualify count(distinct doc_id) over (partition by name) = 1
)
select
    named.doc_id as from_doc_id,
    named.url as from_url,
    aliases.doc_id as to_doc_id,
    aliases.url as to_url,
    min(named.name) as name
from named
join aliases using (name)
where named.kind <> 'alias' and named.doc_id <> aliases.doc_id
group by all
