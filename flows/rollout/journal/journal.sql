-- one row a turn, an attempt, a finished trajectory: the tables of the rollout's journal; head has one row
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
