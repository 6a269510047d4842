-- one row a pair of works that stand beside each other under several windows, and a shift between their turns
with counted as materialized (
    select shingle, count(*) as places
    from posted
    group by shingle
),

-- what so many questions share says nothing of two works
popular as (
    select shingle
    from (
        select distinct posted.shingle, works.question
        from posted
        join counted on counted.shingle = posted.shingle and counted.places > 50
        join works using (work)
    )
    group by shingle
    having count(*) > 50
),

telling as (
    select shingle
    from counted
    anti join popular using (shingle)
    where places > 1
),

listed as (
    select
        work as other,
        index,
        lag(work, 1) over list as first,
        lag(index, 1) over list as first_index,
        lag(work, 2) over list as second,
        lag(index, 2) over list as second_index
    from posted
    semi join telling using (shingle)
    window list as (partition by shingle order by work, index)
),

beside as (
    select first as one, other, index - first_index as shift from listed where first < other
    union all
    select second, other, index - second_index from listed where second < other
),

shifts as (
    select one, other, shift, count(*) as windows
    from beside
    group by one, other, shift
),

sizes as (
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
