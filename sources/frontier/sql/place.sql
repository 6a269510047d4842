-- one row a url of the night: it gets its place in the order of fetching
update visits set position = ? where day = ? and url = ?
