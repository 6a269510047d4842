-- one row a unit and telling window of the works that met another; `size`: telling windows of the unit
with works_met as (
    select one as work from met
    union
    select other from met
)

select
    work,
    question,
    by_agent,
    unit,
    shingle,
    count(*) over (partition by work, unit) as size
from (select distinct work, question, by_agent, unit, shingle from shingles semi join works_met using (work))
anti join boilerplate using (shingle)
