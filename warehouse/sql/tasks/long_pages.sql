-- one row per page that is long enough to be a document of a task, in the night's order
select url, n_chars
from pages
where n_chars between $min_chars and $max_chars
order by md5($key || url), url
