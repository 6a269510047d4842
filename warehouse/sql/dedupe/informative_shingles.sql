-- one row a turn of a work that met another: its windows, without boilerplate
select
    compared.work,
    compared.question,
    compared.index,
    compared.by_agent,
    list_filter(compared.windows, lambda each: get_bit(boilerplate.bits, (each % 1_000_000)::integer) = 0) as windows
from compared
cross join boilerplate
where compared.has_met
