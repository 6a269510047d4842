-- one row a turn of a work that met another: its windows, without boilerplate
with works_met as (
    select one as work from met
    union
    select other from met
),

trajectories_met as materialized (
    select work, question, trajectory_id
    from works
    semi join works_met using (work)
),

of_works_met as materialized (
    select
        trajectories_met.work,
        trajectories_met.question,
        (turn.index % 2_147_483_647)::integer as index,
        turn.role = 'assistant' as by_agent,
        turn.anchors,
        turn.triples
    from turn_facts as turn
    join trajectories_met using (trajectory_id)
    where turn.words is not null
),

boiled as (
    select work, index, list(shingle) as shingles
    from (select work, index, unnest(list_concat(anchors, triples)) as shingle from of_works_met)
    semi join boilerplate using (shingle)
    group by work, index
)

select
    work,
    question,
    index,
    by_agent,
    case
        when shingles is null then anchors
        else list_filter(anchors, lambda each: not list_contains(shingles, each))
    end as anchors,
    case
        when shingles is null then triples
        else list_filter(triples, lambda each: not list_contains(shingles, each))
    end as triples
from of_works_met
left join boiled using (work, index)
where len(anchors) + len(triples) > 0
