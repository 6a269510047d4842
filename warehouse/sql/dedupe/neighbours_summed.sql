-- one row per pair of attempts: the shared shingles of all hash buckets together
select one, other, sum(shared_shingles) as shared_shingles
from bucket_neighbours
group by one, other
