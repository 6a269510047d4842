-- one row per pair of attempts and shift: the alignments of all hash buckets together
select one, other, shift, sum(shared_shingles) as shared_shingles
from bucket_alignments
group by one, other, shift
