-- one row a pair of works that stand beside each other under several windows, whatever their number under each
with listed as (
    select
        work as other,
        lag(work, 1) over list as first,
        lag(work, 2) over list as second,
        shingle
    from posted
    window list as (partition by shingle order by work)
),

-- what so many questions share says nothing of two works
telling as (
    select shingle
    from posted
    group by shingle
    having count(*) > 1 and (count(*) <= 50 or count(distinct question) <= 50)
),

beside as (
    select first as one, other from listed semi join telling using (shingle) where first is not null
    union all
    select second, other from listed semi join telling using (shingle) where second is not null
),

sizes as (
    select work, count(*) as size
    from posted
    group by work
),

counted as (
    select one, other, count(*) as met
    from beside
    group by one, other
)

select counted.one, counted.other
from counted
join sizes as of_one on of_one.work = counted.one
join sizes as of_other on of_other.work = counted.other
where counted.met >= 0.04 * least(of_one.size, of_other.size)
