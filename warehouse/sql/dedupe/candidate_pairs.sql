-- one row per pair of attempts that share several shingles of the inverted index, at any place: each turn that a copy drops,
-- repeats or inserts shifts all turns after it
with sizes as (
    select attempt, count(*) as size
    from posting_list
    group by attempt
)

select one, other
from posting_neighbours
join sizes as of_one on of_one.attempt = one
join sizes as of_other on of_other.attempt = other
where shared_shingles >= 0.025 * least(of_one.size, of_other.size)
