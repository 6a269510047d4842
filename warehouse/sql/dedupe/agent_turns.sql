-- one row per turn of the agent in a candidate pair that has informative shingles: its place among these turns, from 1 up
select
    attempt,
    question,
    row_number() over (partition by attempt order by index)::integer as place,
    list_distinct(shingles) as shingles
from informative_shingles
where by_agent and len(shingles) > 0
