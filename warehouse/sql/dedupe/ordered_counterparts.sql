-- one row per candidate pair, attempt of it and turn with a counterpart in order: after that of the turn before, or before that of the
-- turn after; swapped neighbours are in order, counterparts by chance mostly are not
with neighbours as (
    select
        *,
        counterpart >= lag(counterpart) over side as follows,
        counterpart <= lead(counterpart) over side as precedes
    from turn_counterparts
    window side as (partition by one, other, of_one order by place)
)

select * exclude (follows, precedes)
from neighbours
where coalesce(follows, precedes, true) or coalesce(precedes, follows, true)
