-- one row a pair of works that are nearly the same: estimated Jaccard similarity of their shingles
with levels as (
    select unnest([1, 4, 16, 64]::ubigint[]) as modulus
),

sizes as (
    select
        shingles.work,
        levels.modulus,
        count(*) as n,
        count(*) filter (shingles.of_task) as n_task
    from shingles
    join levels on levels.modulus >= shingles.modulus and shingles.shingle % levels.modulus = 0
    group by all
),

common as (
    select
        one.work as one,
        other.work as other,
        greatest(one.modulus, other.modulus) as modulus,
        count(*) as n
    from shingles as one
    join shingles as other on other.shingle = one.shingle and other.work > one.work
    where one.shingle % greatest(one.modulus, other.modulus) = 0
    group by all
),

-- within one task its words are no evidence: siblings share them all
measured as (
    select
        common.one,
        common.other,
        case when a.task_id = b.task_id then least(of_one.n_task, of_other.n_task) else 0 end as of_task,
        common.n - of_task as shared,
        of_one.n + of_other.n - 2 * of_task - shared as together
    from common
    join works as a on a.work = common.one
    join works as b on b.work = common.other
    join sizes as of_one on of_one.work = common.one and of_one.modulus = common.modulus
    join sizes as of_other on of_other.work = common.other and of_other.modulus = common.modulus
)

select one, other, shared / together as similarity
from measured
where together > 0 and shared / together >= $near_similarity
