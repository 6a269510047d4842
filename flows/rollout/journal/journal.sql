-- SQLite statements of the rollout journal, one named block per statement

-- name: create_tables
-- one row per attempt, turn, finished trajectory (done) and part of the lake; head has a single row
create table attempts (
    trajectory_id text primary key,
    setup text not null,
    started_at text not null,
    aborts integer not null default 0,
    error text
);
create table turns (
    trajectory_id text not null,
    place integer not null,
    row blob not null,
    token_ids blob not null,
    sampled blob not null,
    logprobs blob not null,
    crc integer not null,
    primary key (trajectory_id, place)
);
create table done (
    number integer primary key,
    trajectory_id text not null unique,
    run_id text not null,
    trajectory blob not null,
    verdicts blob not null,
    crc integer not null,
    seq integer
);
create table parts (
    run_id text not null,
    seq integer not null,
    primary key (run_id, seq)
);
create table head (commits integer not null);
insert into head (commits) values (0);
pragma user_version = 2;

-- name: commit_count
-- one row: the number of transactions that this journal has committed
select commits from head

-- name: set_commit_count
-- one row: the number of transactions that this journal has committed
update head set commits = ?

-- name: mark_damaged
-- one row: sets a version that no reader accepts, so that the next run recovers the file
pragma user_version = 99

-- name: attempt
-- one row per attempt with that id
select setup, started_at, aborts from attempts where trajectory_id = ?

-- name: attempt_ids
-- one row per attempt that has no finished trajectory
select trajectory_id from attempts where trajectory_id not in (select trajectory_id from done)

-- name: add_attempt
-- one row per attempt that starts
insert into attempts (trajectory_id, setup, started_at) values (?, ?, ?)
on conflict (trajectory_id) do nothing

-- name: restart_attempt
-- one row per attempt that starts again from nothing
update attempts set setup = ?, started_at = ? where trajectory_id = ?

-- name: abort_attempt
-- one row per attempt that stopped with an error
update attempts set aborts = aborts + ?, error = ? where trajectory_id = ?

-- name: attempt_progress
-- one row per unfinished attempt, children aside: its messages, turns and tokens in the journal
with counted as (
    -- turns of an API have no token ids, but its count of the tokens that it sampled
    select rowid, json_extract(cast(row as text), '$.turn.sampled_tokens') as sampled_tokens
    from turns
    where length(token_ids) = 0
)

select
    attempts.trajectory_id,
    attempts.aborts,
    attempts.error,
    count(turns.place) as messages,
    coalesce(sum(length(turns.logprobs) > 0 or counted.sampled_tokens is not null), 0) as n_turns,
    coalesce(sum(length(turns.token_ids)), 0) / 4 as n_tokens,
    coalesce(sum(coalesce(counted.sampled_tokens, length(turns.logprobs) / 4)), 0) as n_sampled_tokens
from attempts
left join turns using (trajectory_id)
left join counted on counted.rowid = turns.rowid
where attempts.trajectory_id not in (select trajectory_id from done) and attempts.setup not like 'child:%'
group by attempts.trajectory_id, attempts.aborts, attempts.error

-- name: turns_of_attempt
-- one row per turn of an attempt, in order
select place, row, token_ids, sampled, logprobs, crc from turns where trajectory_id = ? order by place

-- name: add_turn
-- one row per turn
insert into turns (trajectory_id, place, row, token_ids, sampled, logprobs, crc) values (?, ?, ?, ?, ?, ?, ?)

-- name: delete_turns_from
-- one row per turn of an attempt, from a place on
delete from turns where trajectory_id = ? and place >= ?

-- name: descendants
-- one row per child of an attempt, of its children, and so on
with recursive family(name) as (
    select trajectory_id from attempts where setup like 'child:' || ? || ':%'
    union all
    select child.trajectory_id from attempts as child join family on child.setup like 'child:' || family.name || ':%'
)

select name from family

-- name: add_finished
-- one row per finished trajectory
insert into done (trajectory_id, run_id, trajectory, verdicts, crc) values (?, ?, ?, ?, ?)
on conflict (trajectory_id) do nothing

-- name: count_finished
-- one row: the number of finished trajectories without a part
select count(*) from done where seq is null

-- name: run_to_drain
-- one row: the run of the oldest finished trajectory without a part; none when all have one
select run_id from done where seq is null order by number limit 1

-- name: assign_part
-- one row per finished trajectory of a run, at most as many as a part holds
update done set seq = ?
where number in (select number from done where seq is null and run_id = ? order by number limit ?)

-- name: assigned_parts
-- one row per part that was assigned and may not be in the lake yet
select distinct run_id, seq from done where seq is not null order by run_id, seq

-- name: finished_of_part
-- one row per finished trajectory of a part
select trajectory_id, trajectory, verdicts, crc from done where run_id = ? and seq = ? order by number

-- name: last_part
-- one row: the highest part number of a run
select max(seq) from parts where run_id = ?

-- name: add_part
-- one row per part
insert into parts (run_id, seq) values (?, ?)

-- name: delete_turns
-- one row per turn of an attempt whose trajectory is in the lake
delete from turns where trajectory_id = ?

-- name: delete_attempt
-- one row per attempt whose trajectory is in the lake
delete from attempts where trajectory_id = ?

-- name: delete_finished
-- one row per finished trajectory of a part that is in the lake
delete from done where run_id = ? and seq = ?

-- name: turn_checksums
-- one row per turn: its bytes and their checksum
select row, token_ids, sampled, logprobs, crc from turns order by rowid

-- name: finished_checksums
-- one row per finished trajectory: its bytes and their checksum
select trajectory, verdicts, crc from done order by number

-- name: recover_attempts
-- one row per attempt of a damaged journal
select trajectory_id, setup, started_at, aborts, error from attempts order by rowid

-- name: recover_turns
-- one row per turn of a damaged journal
select trajectory_id, place, row, token_ids, sampled, logprobs, crc from turns order by rowid

-- name: recover_finished
-- one row per finished trajectory of a damaged journal
select trajectory_id, run_id, trajectory, verdicts, crc from done order by number

-- name: recover_parts
-- one row per part of a damaged journal
select run_id, seq from parts order by rowid

-- name: restore_attempt
-- one row per attempt that was recovered
insert or ignore into attempts (trajectory_id, setup, started_at, aborts, error) values (?, ?, ?, ?, ?)

-- name: restore_turn
-- one row per turn of an attempt that another journal held
insert or ignore into turns (trajectory_id, place, row, token_ids, sampled, logprobs, crc) values (?, ?, ?, ?, ?, ?, ?)

-- name: restore_part
-- one row per part that was recovered
insert or ignore into parts (run_id, seq) values (?, ?)
