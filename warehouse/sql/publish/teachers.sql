-- one row per teacher of released trajectories: the model, and the hashes of its chat template and vocabulary
select distinct
    teacher_model,
    teacher_revision,
    renderer,
    template_sha256,
    vocabulary_sha256
from chosen
join trajectories using (trajectory_id)
order by all nulls first
