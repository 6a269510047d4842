-- one row a url of the night: how it ended, with the document that waits for its part
update visits set status = ?, ended_at = ?, fetched = ?, document = ?
where day = ? and url = ? and status is null
