-- one row a work, turn and window to be found by: two a turn, all where turns are few ($any_short: there are such works)
with long_works as (
    select work, trajectory_id
    from works
    where turns > 16
),

short_works as (
    select work, trajectory_id
    from works
    where turns <= 16 and $any_short
)

select long_works.work, (turn.index % 2_147_483_647)::integer as index, unnest([turn.lowest, turn.highest]) as shingle
from turn_facts as turn
join long_works using (trajectory_id)
where turn.role = 'assistant' and turn.lowest is not null
union all
select short_works.work, (turn.index % 2_147_483_647)::integer, unnest(turn.windows) as shingle
from turn_facts as turn
join short_works using (trajectory_id)
where turn.role = 'assistant' and turn.lowest is not null
