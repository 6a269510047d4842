-- one row a url that gave a page
insert or replace into known (
    url, doc_id, content_sha256, title, etag, last_modified, extractor, links, warc_file, warc_offset
)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
