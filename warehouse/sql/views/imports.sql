-- one row per row of an imported file: its trajectory, or the reason for its refusal
select * from imported_parts
