-- one row per figure: its value in the night $run_id, its median over up to $nights nights before it, and their number
with figures as (
    unpivot (
        select
            run_id,
            kept::double as "kept rows",
            tokens::double as "tokens",
            pass_rate::double as "pass rate",
            fetched_pages::double as "fetched pages"
        from nights
    )
    on columns(* exclude (run_id))
    into name figure value amount
),

recent as (
    select *
    from figures
    where run_id <= $run_id
    qualify run_id = $run_id or dense_rank() over (partition by run_id < $run_id order by run_id desc) <= $nights
)

select
    figure,
    max(amount) filter (run_id = $run_id) as tonight,
    median(amount) filter (run_id < $run_id) as usual,
    count(*) filter (run_id < $run_id) as nights
from recent
group by figure
