-- one row per page of the library
select doc_id, url, title, text, aliases from pages
