-- one row a trajectory and address (of `requests`) that its tools returned, and how: read (it opened the page), shown (it saw
-- the address); reads all observations, and none where no address is asked for ($any_address)
with addresses as (
    select asked_for
    from requests
    where contains(asked_for, '://')
)

select distinct trajectory_id, asked_for, case when url = asked_for then 'read' else 'shown' end as how
from turns
-- an address is shown where it ends: what goes on with a letter or digit, at once or after marks, is another page's
join addresses on url = asked_for or case
    when regexp_matches(asked_for, '^https?://[^/\s]+') and contains(observation, asked_for)
    then list_bool_or(list_transform(
        string_split(observation, asked_for)[2:],
        lambda after: not regexp_matches(after, '^[/.?&=+:!~@$*_(''-]*[A-Za-z0-9%]')
    ))
end
where $any_address and role = 'tool'
