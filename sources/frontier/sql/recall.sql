-- one row a url that gave a page
select doc_id, content_sha256, title, etag, last_modified, links, warc_file, warc_offset
from known
where url = ? and extractor = ?
