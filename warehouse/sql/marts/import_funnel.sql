-- one row per imported file and status: rows imported, already imported, or refused with the reason
with counted as (
    select
        import_id,
        any_value(file) as file,
        any_value(format) as format,
        any_value(license) as license,
        any_value(run_id) as run_id,
        status,
        count(*) as rows,
        arg_min(detail, row) as first_detail,
        min(row) as first_row
    from imports
    group by import_id, status
)

select
    file,
    format,
    license,
    run_id,
    status,
    rows,
    rows / sum(rows) over (partition by import_id) as share,
    first_row,
    first_detail,
    import_id
from counted
order by run_id, file, import_id, rows desc, status
