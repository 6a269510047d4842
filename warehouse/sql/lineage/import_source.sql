-- one row: the row of an imported file that became the trajectory; none for a trajectory of a rollout
select file, row, format, license, file_sha256
from imports
where trajectory_id = $trajectory_id and status = 'imported'
