-- one row per pair of pages of which one has a name of the other in its text, as rules found it: link words, code, names
with named as (
    select
        doc_id,
        url,
        trim(regexp_replace(lower(case when kind = 'item' then label else text end), '[^\p{L}\p{N}]+', ' ', 'g')) as name
    from facts
    where kind in ('name', 'item', 'pair')
),
aliases as (
    select doc_id, url, text as name
    from facts
    where kind = 'alias'
    qualify count(distinct doc_id) over (partition by text) = 1
)
select
    named.doc_id as from_doc_id,
    named.url as from_url,
    aliases.doc_id as to_doc_id,
    aliases.url as to_url,
    min(named.name) as name
from named
join aliases using (name)
where named.doc_id <> aliases.doc_id
group by all
