"""A web crawl in shards: each has the hosts of a hash, with a frontier, robots.txt, pace and part names of its own."""
