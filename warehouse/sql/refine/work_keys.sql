-- one row a trajectory: a hash of the task's words and of all that the agent wrote and did, in order
with written as (
    select
        trajectory_id,
        bit_xor(md5_number(concat_ws(chr(0), index, 'words', coalesce(content, ''), coalesce(reasoning, '')))) as words
    from turns
    semi join candidates using (trajectory_id)
    where role = 'assistant'
    group by trajectory_id
),

done as (
    select
        trajectory_id,
        bit_xor(md5_number(concat_ws(chr(0), index, place, tool, arguments))) as calls
    from calls
    semi join candidates using (trajectory_id)
    group by trajectory_id
)

select
    candidates.trajectory_id,
    md5(concat_ws(chr(0), tasks.instruction, trajectories.answer, written.words, coalesce(done.calls, 0))) as work_key
from candidates
join trajectories using (trajectory_id)
left join tasks on tasks.task_id = candidates.task_id
left join written on written.trajectory_id = candidates.trajectory_id
left join done on done.trajectory_id = candidates.trajectory_id
