-- one row per code of a fault of the narrowed nights' rollouts, with its occurrences
select fault.key as code, sum(fault.value::bigint)::bigint as occurrences
from rollouts
cross join json_each(rollouts.faults::json) as fault
group by fault.key
order by occurrences desc, code
