-- one row per pair of attempts that are neighbours in a posting list: the number of shared shingles;
-- of hash bucket $bucket of $buckets, since a hundred million postings do not fit in memory at once
with postings as not materialized (
    select *
    from posting_list
    -- one bucket holds all; on the remainder alone the optimiser would estimate a fifth of the rows
    where $buckets = 1 or shingle % $buckets = $bucket
),

counted as materialized (
    select shingle, count(*) as n_postings
    from postings
    group by shingle
),

-- a shingle that more than 50 questions share carries no information on a pair
popular as (
    select shingle
    from (
        select distinct postings.shingle, distinct_attempts.question
        from postings
        join counted on counted.shingle = postings.shingle and counted.n_postings > 50
        join distinct_attempts using (attempt)
    )
    group by shingle
    having count(*) > 50
),

informative as (
    select shingle
    from counted
    anti join popular using (shingle)
    where n_postings > 1
),

predecessors as (
    select attempt as other, lag(attempt, 1) over list as first, lag(attempt, 2) over list as second
    from postings
    semi join informative using (shingle)
    window list as (partition by shingle order by attempt)
),

neighbours as (
    select first as one, other from predecessors where first < other
    union all
    select second, other from predecessors where second < other
)

select one, other, count(*) as shared_shingles
from neighbours
group by one, other
