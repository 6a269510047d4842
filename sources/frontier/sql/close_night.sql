-- one row a url of the night that still waits
update visits set status = ?, detail = ?, ended_at = ? where day = ? and kind <> 'file' and status is null
