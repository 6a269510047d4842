-- one row per verifier and version checked by people: its error rate with a 95 % confidence interval
-- Wilson's score interval per stratum (Wilson 1927). Samples are drawn equally from the strata; each stratum is weighted by
-- its share of the lake, and the intervals are combined by MOVER (Zou and Donner 2008). One stratum gives Wilson's interval
with counted as (
    select
        verifier,
        version,
        stratum,
        arg_max(stratum_rows, audited_at) as stratum_rows,
        count(*) as n,
        count(*) filter (passed <> is_correct) as wrong,
        count(*) filter (passed and not is_correct) as false_passes,
        count(*) filter (not passed and is_correct) as false_failures
    from audits
    group by verifier, version, stratum
),

wilson as (
    select
        *,
        wrong / n as p,
        1.959964 as z,
        (p + z * z / (2 * n)) / (1 + z * z / n) as centre,
        z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n) as half,
        stratum_rows / sum(stratum_rows) over (partition by verifier, version) as weight
    from counted
),

joined as (
    select
        verifier,
        version,
        sum(n)::bigint as checked,
        sum(wrong)::bigint as wrong,
        sum(false_passes)::bigint as false_passes,
        sum(false_failures)::bigint as false_failures,
        sum(weight * p) as error_rate,
        sqrt(sum(pow(weight * (p - (centre - half)), 2))) as below,
        sqrt(sum(pow(weight * (centre + half - p), 2))) as above
    from wilson
    group by verifier, version
)

select
    * exclude (below, above),
    greatest(error_rate - below, 0) as low,
    least(error_rate + above, 1) as high
from joined
order by verifier, version
