-- one row per trajectory: refuses secrets and personal data in released text that cannot be redacted
-- without it: keys and addresses are published, and a student learns to recite them. The agent's text cannot be redacted, since its
-- tokens would no longer be the sampled ones. Kinds in $allowed_sensitive_data are counted and do not refuse
with offered as (
    select candidates.trajectory_id, unnest([trajectories.tools, tasks.setup]) as text
    from candidates
    join trajectories using (trajectory_id)
    left join tasks on tasks.task_id = candidates.task_id
),

-- each text once: thousands of attempts share their tools
offers as materialized (
    select text, secrets_in(text) as found
    from (select distinct text from offered)
),

found (trajectory_id, found) as (
    select trajectory_id, coalesce(detected_secrets, captured_secrets)
    from turn_facts
    semi join candidates using (trajectory_id)
    where coalesce(detected_secrets, captured_secrets) is not null
    union all
    select trajectory_id, secrets_in(concat_ws(chr(10), answer, true_answer, instruction, array_to_string(evidence_urls, chr(10))))
    from candidates
    left join ground_truths using (trajectory_id)
    union all
    select offered.trajectory_id, offers.found
    from offered
    join offers using (text)
),

kinds as (
    select trajectory_id, unnest(map_entries(from_json(found, '"MAP(VARCHAR, BIGINT)"'))) as one
    from found
    where found is not null
),

judged as (
    select
        trajectory_id,
        sum(one.value) as finds,
        arg_min(one.key, (-one.value, one.key)) filter (not list_contains($allowed_sensitive_data, one.key)) as worst
    from kinds
    group by trajectory_id
)

select
    candidates.trajectory_id,
    judged.worst is null as keep,
    coalesce(judged.worst, 'ok') as reason,
    coalesce(judged.finds, 0) as value
from candidates
left join judged using (trajectory_id)
