-- one row: the time when the newest page of the snapshot was fetched
select max(fetched_at) as fetched_at from pages
