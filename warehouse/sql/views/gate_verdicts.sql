-- one row a trajectory and gate: what the gate said in the newest refine, and whether it decided
with named as (
    select trajectory_id, kept, reasons, gates, unnest(json_keys(gates)) as gate
    from decisions
),

told as (
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
    -- a gate that is switched off refuses without a reason in the decision
    not keep and list_contains(reasons, gate || ':' || reason) as refuses
from told
