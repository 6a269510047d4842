-- one row per trajectory and gate: the gate's answer in the newest refine, and whether it refuses the trajectory
with named as (
    select trajectory_id, kept, reasons, gates, unnest(json_keys(gates)) as gate
    from decisions
),

answered as (
    select
        trajectory_id,
        kept,
        gate,
        list_position(json_keys(gates), gate) as position,
        json_extract(gates, '/' || gate || '/keep')::boolean as keep,
        json_extract_string(gates, '/' || gate || '/reason') as reason,
        json_extract(gates, '/' || gate || '/value')::double as value,
        reasons
    from named
)

select
    trajectory_id,
    kept,
    gate,
    position,
    keep,
    reason,
    value,
    -- an advisory gate answers without adding its reason to the decision
    not keep and list_contains(reasons, gate || ':' || reason) as refuses
from answered
