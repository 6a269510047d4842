-- one row a pair of works that stand beside each other under several windows, and a shift between their turns
with sizes as (
    select work, count(*) as size
    from posted
    group by work
)

-- windows that two works share by chance stand at any shift; those of a copy stand at one, or at few
select one, other, shift
from shifts
join sizes as of_one on of_one.work = one
join sizes as of_other on of_other.work = other
where windows >= 0.02 * least(of_one.size, of_other.size)
qualify row_number() over (partition by one, other order by windows desc, shift) <= 3
