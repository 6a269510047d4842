-- one row a pair of works that stand beside each other under a window, and a shift between their turns: under how many windows
-- of the $share-th of $shares shares of them: of a hundred million windows memory holds some at a time
with shared as not materialized (
    select *
    from posted
    -- one share is all of them; a remainder alone would be planned for as a fifth
    where $shares = 1 or shingle % $shares = $share
),

counted as materialized (
    select shingle, count(*) as places
    from shared
    group by shingle
),

-- what so many questions share says nothing of two works
popular as (
    select shingle
    from (
        select distinct shared.shingle, works.question
        from shared
        join counted on counted.shingle = shared.shingle and counted.places > 50
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
    from shared
    semi join telling using (shingle)
    window list as (partition by shingle order by work, index)
),

beside as (
    select first as one, other, index - first_index as shift from listed where first < other
    union all
    select second, other, index - second_index from listed where second < other
)

select one, other, shift, count(*) as windows
from beside
group by one, other, shift
