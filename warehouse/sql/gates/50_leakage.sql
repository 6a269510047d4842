-- one row per trajectory: refuses attempts that got the answer from the instruction, the system prompt or a mirror of a benchmark, that
-- speak of their grader, or recite their system prompt
-- without it: a student learns to write for a grader, and right answers that took no work are kept, and pages with a benchmark's answers (search-time contamination,
-- Han et al. 2025) raise the scores that the benchmark measures
with prompts as (
    select distinct trajectories.task_id, trajectories.system
    from trajectories
    semi join candidates using (trajectory_id)
),

-- many tasks share one prompt: split it into words once
systems as (
    select
        system,
        lower(system) as system_letters,
        ' ' || regexp_replace(lower(system), '[^\p{L}\p{N}]+', ' ', 'g') || ' ' as system_words
    from (select distinct system from prompts)
),

questions as (
    select
        task_id,
        answer,
        instruction,
        ' ' || trim(regexp_replace(lower(answer), '[^\p{L}\p{N}]+', ' ', 'g')) || ' ' as answer_words,
        ' ' || regexp_replace(lower(instruction), '[^\p{L}\p{N}]+', ' ', 'g') || ' ' as instruction_words,
        -- a question that offers a choice contains its answer, and a single digit occurs in many questions
        regexp_matches(
            answer, '(?i)^\s*[(\[]?([\p{Latin}\p{Cyrillic}\p{Greek}\p{N}]|yes|no|true|false|да|нет|[是否对错])[)\].:。]?\s*$'
        ) as is_choice,
        contains(instruction_words, answer_words || 'or ') or contains(instruction_words, ' or' || answer_words) as is_offered
    from tasks
    semi join candidates using (task_id)
),

-- Chinese and Thai have no spaces between words: compare letters
answer_texts as (
    select distinct
        candidates.task_id,
        case when length(ground_truths.truth) > 1 and regexp_matches(ground_truths.truth, '\p{L}') then lower(ground_truths.truth) end as answer_letters
    from ground_truths
    join candidates using (trajectory_id)
    where not ground_truths.worded
),

texts as (
    select *
    from prompts
    join systems using (system)
    join questions using (task_id)
    left join answer_texts using (task_id)
),

searched as (
    select
        task_id,
        system,
        case
            when coalesce(trim(answer), '') = '' then 'ok'
            when trim(answer_words) = '' and contains(instruction, trim(answer)) then 'answer_in_instruction'
            when trim(answer_words) = '' and contains(system, trim(answer)) then 'answer_in_system_prompt'
            when trim(answer_words) = '' or is_choice then 'ok'
            when contains(lower(instruction), answer_letters) then 'answer_in_instruction'
            when contains(system_letters, answer_letters) then 'answer_in_system_prompt'
            when contains(instruction_words, answer_words) and not is_offered then 'answer_in_instruction'
            when contains(system_words, answer_words) then 'answer_in_system_prompt'
            else 'ok'
        end as reason
    from texts
),

addresses as (
    select distinct url
    from turn_facts
    where role = 'tool' and url is not null
),

-- hosts and path prefixes from $benchmark_mirrors, with their subdomains
mirrors as (
    select url
    from (select url, '.' || regexp_replace(lower(url), '^[a-z]+://([^/@]*@)?', '') || '/' as place from addresses)
    where len(list_filter($benchmark_mirrors::varchar[], lambda mirror: contains(place, '.' || lower(mirror)))) > 0
),

opened as (
    select trajectory_id, count(*) as mirrors
    from turn_facts
    semi join candidates using (trajectory_id)
    semi join mirrors using (url)
    where role = 'tool' and kind in ('ok', 'truncated')
    group by trajectory_id
),

-- words on a grader that no user or tool used first
graded as (
    select
        trajectory_id,
        list_distinct(list(on_grading) filter (on_grading is not null)) as said,
        coalesce(list_distinct(flatten(list(supported_claims) filter (role <> 'system'))), []) as supported
    from turn_facts
    semi join candidates using (trajectory_id)
    group by trajectory_id
),

found as (
    select
        candidates.trajectory_id,
        case
            when searched.reason <> 'ok' then searched.reason
            -- the instruction gives the answer away: `the answer is X`
            when
                coalesce(trim(candidates.true_answer), '') = ''
                and length(trim(candidates.answer)) > 1
                and matches(candidates.instruction, $announces_answer_list)
                and starts_with(
                    ltrim(split_part(lower(candidates.instruction), regexp_extract(lower(candidates.instruction), $announces_answer), 2), ' :="“„«「*-—'),
                    lower(trim(candidates.answer, ' .!?。"'))
                )
            then 'answer_in_instruction'
            when opened.mirrors > 0 then 'benchmark_mirror'
            when
                len(list_filter(graded.said, lambda words:
                    not list_contains(graded.supported, words)
                    and not contains(lower(candidates.instruction), words)
                    -- a server or a form expects an answer, too
                    and not (matches(words, $expected_words_list) and matches(candidates.instruction, $concerns_machines_list))
                    -- whoever marks in what was read: results inflect the word, and say other things of that one
                    and not coalesce(
                        strlen(words) > length(words)
                        and list_contains(graded.supported, nullif(regexp_extract(words, '[\p{Latin}\p{Cyrillic}\p{Arabic}\p{M}]{6,}'), ''))
                        and not matches(regexp_extract(words, '[\p{Latin}\p{Cyrillic}\p{Arabic}\p{M}]{6,}'), $answer_words_list), false)
                    -- the task's own data or solution
                    and not (regexp_matches(words, $names_data) and regexp_matches(candidates.instruction, $concerns_data))
                    and not (regexp_matches(words, $names_solution) and regexp_matches(candidates.instruction, $has_solution))
                    -- a word on grading that the task has, too, in another form
                    and len(list_filter(
                        regexp_extract_all(words, '[\p{Latin}\p{Cyrillic}\p{Arabic}\p{M}]{6,}'),
                        lambda word: contains(lower(candidates.instruction), left(word, 5)) and not matches(word, $answer_words_list)
                    )) = 0
                )) > 0
                and not matches(candidates.instruction, $about_grading_list)
                and not matches(candidates.instruction, $on_grading_mixed_list)
                and not matches(candidates.instruction, $on_grading_list)
                and not matches(candidates.instruction, $on_marking_list)
            then 'speaks_of_grader'
            when len(list_filter(
                regexp_split_to_array(trajectories.system, '(?:[.!?。！？।؟]+\s*|\n)+'),
                lambda sentence: length(trim(sentence)) >= 24 and contains(lower(candidates.answer), lower(trim(sentence)))
                    and not contains(lower(candidates.instruction), lower(trim(sentence)))
            )) > 0 then 'recites_system_prompt'
            else 'ok'
        end as reason,
        opened.mirrors
    from candidates
    join trajectories using (trajectory_id)
    left join opened using (trajectory_id)
    left join graded using (trajectory_id)
    left join searched
        on searched.task_id = trajectories.task_id
        and searched.system = trajectories.system
)

select trajectory_id, reason = 'ok' as keep, reason, mirrors as value
from found
