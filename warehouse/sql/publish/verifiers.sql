-- one row per audited verifier: its error rate, with a 95 % confidence interval
select
    verifier,
    version,
    checked,
    wrong,
    false_passes,
    false_failures,
    round(error_rate, 4) as error_rate,
    round(low, 4) as low,
    round(high, 4) as high
from verifier_errors
order by verifier, version
