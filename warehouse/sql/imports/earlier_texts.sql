-- one row per trajectory of an importer whose row ids cannot be computed any more: a digest of its letters and digits
with written as (
    select
        turns.trajectory_id,
        turns.index,
        regexp_replace(
            regexp_replace(
                concat(
                    turns.reasoning,
                    turns.content,
                    turns.observation,
                    array_to_string(list_transform(
                        json_extract(turns.tool_calls, '$[*]'),
                        lambda call: concat(call ->> '$.name', call -> '$.arguments')
                    ), '')
                ),
                '</?[A-Za-z_]+>', '', 'g'
            ),
            '[^\p{L}\p{N}]+', '', 'g'
        ) as letters
    from turns
    join trajectories using (trajectory_id)
    where trajectories.engine = 'import' and string_split(trajectories.renderer, ' ')[-1] in ('1', '2')
)

select trajectory_id, md5(string_agg(md5(letters), '' order by index)) as digest
from written
where letters <> ''
group by trajectory_id
