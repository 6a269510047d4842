-- one row a url of an earlier night that still waits
update visits set status = ?, detail = ?, ended_at = ? where day < ? and status is null
