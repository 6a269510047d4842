-- one row per imported file with released rows: its format, license and hash, and the number of its released rows
select file, format, license, file_sha256 as sha256, count(*) as rows
from imports
semi join chosen using (trajectory_id)
where status = 'imported'
group by all
order by file, format, sha256
