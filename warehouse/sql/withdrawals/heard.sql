-- one row a trajectory and address (of `requests`) that its tools returned, and how: read (it opened the page), shown (it saw
-- the address); reads all observations, and none where no address is asked for ($any_address)
with addresses as (
    select target
    from requests
    where contains(target, '://')
)

select distinct trajectory_id, target, case when url = target then 'read' else 'shown' end as how
from turns
-- an address is shown where it ends: what goes on with a letter or digit, at once or after marks, is another page's
join addresses on url = target or case
    when regexp_matches(target, '^https?://[^/\s]+') and contains(observation, target)
    then list_bool_or(list_transform(
        string_split(observation, target)[2:],
        lambda after: not regexp_matches(after, '^[/.?&=+:!~@$*_(''-]*[A-Za-z0-9%]')
    ))
end
where $any_address and role = 'tool'
