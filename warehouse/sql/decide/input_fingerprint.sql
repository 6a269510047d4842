-- one row: a fingerprint of all candidates, verdicts and withdrawals, which does not depend on their order
with finished as (
    select count(*) as rows, bit_xor(md5_number(trajectory_id)) as ids
    from candidates
),

judged as (
    select
        count(*) as rows,
        bit_xor(
            md5_number(concat_ws(' ', trajectory_id, turn_index, verifier, version, passed, score))
        ) as ids
    from verdicts
    semi join candidates using (trajectory_id)
),

requested as (
    select coalesce(bit_xor(md5_number(concat_ws(' ', trajectory_id, target))), 0) as ids
    from (select distinct trajectory_id, target from withdrawal_parts)
)

select
    finished.rows as trajectories,
    coalesce(finished.ids, 0)::varchar as finished,
    judged.rows as verdicts,
    coalesce(judged.ids, 0)::varchar as judged,
    requested.ids::varchar as withdrawn
from finished
cross join judged
cross join requested
