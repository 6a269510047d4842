-- one row per address, other than the requested one, that `addresses` counts as the same page or as a page of the collection
select url
from addresses
where url <> target
order by is_below, url
