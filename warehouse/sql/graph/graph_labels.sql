-- one row per page and label that has one value there: of a pair whose value is a number, or of a year in prose
with labelled as (
    select doc_id, kind, trim(lower(label)) as label, label as shown, value, unit
    from fact_parts
    where kind = 'pair' or (kind = 'date' and (label like '% %' or regexp_matches(label, '[\p{Han}\p{Hiragana}\p{Katakana}]{2}')))
),
single as (
    select doc_id, kind, label, min(shown) as shown, min(value) as value, min(unit) as unit
    from labelled
    group by all
    having count(*) = 1
)
select doc_id, kind, label, min(shown) over (partition by kind, label) as shown, value, unit
from single
where value is not null
qualify count(*) over (partition by kind, label) >= $min_pages
    and count(distinct coalesce(unit, '')) over (partition by kind, label) = 1
order by kind, label, doc_id
