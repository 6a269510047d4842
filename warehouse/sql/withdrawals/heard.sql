-- one row a trajectory and address (of `requests`) that its tools returned, and how: read (it opened the page), shown (it saw
-- the address); reads all observations, and none where no address is asked for ($any_address)
with addresses as (
    select asked_for
    from requests
    where contains(asked_for, '://')
)

select distinct trajectory_id, asked_for, case when url = asked_for then 'read' else 'shown' end as how
from turns
join addresses on url = asked_for or starts_with(asked_for, 'http') and contains(observation, asked_for)
where $any_address and role = 'tool'
