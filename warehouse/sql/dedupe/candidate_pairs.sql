-- one row per pair of attempts that share several shingles, and shift between their turns: at most three shifts per pair
with sizes as (
    select attempt, count(*) as size
    from posting_list
    group by attempt
)

-- shingles shared by chance have any shift; those of a copy have one shift, or few
select one, other, shift
from pair_alignments
join sizes as of_one on of_one.attempt = one
join sizes as of_other on of_other.attempt = other
where shared_shingles >= 0.02 * least(of_one.size, of_other.size)
qualify row_number() over (partition by one, other order by shared_shingles desc, shift) <= 3
