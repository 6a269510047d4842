-- one row per trajectory and requested URL that its tools returned: read (the agent opened the page) or shown (an observation
-- contains the URL)
-- reads every observation, and none if no request names a URL ($any_url)
with urls as (
    select target
    from requests
    where contains(target, '://')
)

select distinct trajectory_id, target, case when url = target then 'read' else 'shown' end as how
from turns
-- the URL must end there: a letter or digit right after it, or after punctuation, makes it the URL of another page
join urls on url = target or case
    when regexp_matches(target, '^https?://[^/\s]+') and contains(observation, target)
    then list_bool_or(list_transform(
        string_split(observation, target)[2:],
        lambda after: not regexp_matches(after, '^[/.?&=+:!~@$*_(''-]*[A-Za-z0-9%]')
    ))
end
where $any_url and role = 'tool'
