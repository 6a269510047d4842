-- one row: a bitmap of boilerplate shingles by hash modulo a million: those that more than one sampled question in fifty shares.
-- They are an agent's turns of phrase. One shingle in a few hundred collides with a set bit
with agent_shingles as (
    select distinct question, unnest(shingles) as shingle
    from turn_shingles
    where is_sampled and by_agent
),

common as (
    select shingle
    from agent_shingles
    group by shingle
    having count(*) > greatest(3, (select count(distinct question) from turn_shingles where is_sampled) / 50)
)

select coalesce(bitstring_agg((shingle % 1_000_000)::integer, 0, 999_999), repeat('0', 1_000_000)::bit) as bits
from common
