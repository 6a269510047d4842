-- one row a finished trajectory: the bytes that its checksum guards
select trajectory, verdicts, crc from done order by number
