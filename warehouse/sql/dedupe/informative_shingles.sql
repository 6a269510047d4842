-- one row per turn of an attempt in a candidate pair: its shingles without boilerplate
select
    turn_shingles.attempt,
    turn_shingles.question,
    turn_shingles.index,
    turn_shingles.by_agent,
    list_filter(turn_shingles.shingles, lambda each: get_bit(boilerplate.bits, (each % 1_000_000)::integer) = 0) as shingles
from turn_shingles
cross join boilerplate
where turn_shingles.is_paired
