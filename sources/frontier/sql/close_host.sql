-- one row a url of the night on one host that still waits
update visits set status = ?, detail = ?, ended_at = ? where day = ? and host = ? and status is null
