-- one row per trajectory and requested URL that its tools returned, by any of the page's `addresses`: read (the agent opened
-- the page) or shown (an observation contains the URL; not of pages of a collection)
-- reads every observation, and none if no request names a URL ($any_url)
with observed as (
    select trajectory_id, url, observation
    from turns
    where $any_url and role = 'tool'
)

select distinct observed.trajectory_id, addresses.target, 'read' as how
from observed
join addresses using (url)
union
select distinct trajectory_id, target, 'shown' as how
from observed
-- the URL must end there: a letter or digit right after it, or after punctuation, makes it the URL of another page
join addresses on case
    when not is_below and addresses.url is distinct from observed.url
        and regexp_matches(addresses.url, '^https?://[^/\s]+') and contains(observation, addresses.url)
    then list_bool_or(list_transform(
        string_split(observation, addresses.url)[2:],
        lambda after: not regexp_matches(after, '^[/.?&=+:!~@$*_(''-]*[A-Za-z0-9%]')
    ))
end
