-- one row a url of a part that is written
update visits set document = null where day = ? and seq = ?
