-- one row per trajectory: refuses secrets and personal data in released text that cannot be redacted
-- without it: keys and addresses are published, and a student learns to recite them. The agent's text cannot be redacted, since its
-- tokens would no longer be the sampled ones; that of an imported row is, so its personal data does not refuse, but an agent that
-- writes keys and passwords teaches a leak. Authors' addresses in git and packages do not refuse, nor do contacts that the task asks for, on pages, and kinds in
-- $allowed_sensitive_data: they are counted
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

-- placeholders of an import for keys and passwords in the agent's own words
replaced as (
    select turn_facts.trajectory_id, unnest(map_entries(from_json(redacted_secrets, '"MAP(VARCHAR, BIGINT)"'))) as one
    from turn_facts
    semi join candidates using (trajectory_id)
    join trajectories using (trajectory_id)
    where redacted_secrets is not null and trajectories.engine = 'import' and turn_facts.role = 'assistant'
),

kinds as (
    select trajectory_id, unnest(map_entries(from_json(found, '"MAP(VARCHAR, BIGINT)"'))) as one
    from found
    where found is not null
    union all
    select trajectory_id, one
    from replaced
    where not list_contains($personal, one.key)
),

-- a page of the web gives the address that the task asks for, and no call reads an organisation's records of people
asked as (
    select candidates.trajectory_id
    from candidates
    join made_calls using (trajectory_id)
    where matches(candidates.instruction, $asks_for_contact_list) and matches(candidates.instruction, $asks_a_question_list)
    group by candidates.trajectory_id
    having bool_or(regexp_matches(made_calls.tool, '(?i)web|search|fetch|brows|visit|url|http|wiki|page|scrap|szukaj|recherche'))
        and not bool_or(regexp_matches(made_calls.tool, '(?i)customer|client|user|order|booking|record|ticket|patient|member|crm|database|db|inbox|mailbox|contacts|calendar'))
),

judged as (
    select
        kinds.trajectory_id,
        sum(one.value) as finds,
        arg_min(one.key, (-one.value, one.key)) filter (
            one.key <> 'author_email'
            and not list_contains($allowed_sensitive_data, one.key)
            and not (asked.trajectory_id is not null and one.key in ('email', 'phone'))
        ) as worst
    from kinds
    left join asked on asked.trajectory_id = kinds.trajectory_id
    group by kinds.trajectory_id
)

select
    candidates.trajectory_id,
    judged.worst is null as keep,
    coalesce(judged.worst, 'ok') as reason,
    coalesce(judged.finds, 0) as value
from candidates
left join judged using (trajectory_id)
