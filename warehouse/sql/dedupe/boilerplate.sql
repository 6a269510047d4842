-- one row: a bit for each window, by its hash modulo a million, set where one question in fifty of the sample shares it: an
-- agent's turns of phrase, no evidence. A window in a few hundred has the bit of another
with said as (
    select distinct question, unnest(windows) as shingle
    from compared
    where asked and by_agent
),

shared as (
    select shingle
    from said
    group by shingle
    having count(*) > greatest(3, (select count(distinct question) from compared where asked) / 50)
)

select coalesce(bitstring_agg((shingle % 1_000_000)::integer, 0, 999_999), repeat('0', 1_000_000)::bit) as bits
from shared
