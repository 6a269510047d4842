-- one row a url that gave a page: where its raw reply stands; for a frontier from before raw replies were kept
alter table known add column warc_file text;
alter table known add column warc_offset integer;
