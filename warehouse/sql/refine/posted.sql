-- one row a work and a sample of its windows: about 64 a work, enough to meet whatever is nearly the same
with sizes as (
    select work, count(*) as size
    from shingles
    where by_agent
    group by work
)

select distinct shingles.shingle, shingles.work, shingles.question
from shingles
join sizes using (work)
where by_agent and (sizes.size <= 64 or shingles.shingle <= 18446744073709551615::ubigint // sizes.size::ubigint * 64)
