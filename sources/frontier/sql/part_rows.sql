-- one row a url of a part
select url, kind, status, detail, ended_at, document from visits
where day = ? and seq = ?
order by position is null, position, url
