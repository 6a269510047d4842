-- one row per page that is long enough, and has enough headings, to be a document of a task, in the night's order
select url, n_chars
from pages
where
    n_chars between $min_chars and $max_chars
    and len(regexp_extract_all(text, '(?m)^#{1,6}[ \t]')) >= $min_sections
order by md5($key || url), url
