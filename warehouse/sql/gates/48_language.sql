-- one row per trajectory: refuses agents that slip into a script which neither the task nor any page uses, and answers in another
-- language than the task's
-- without it: a student learns to change its language in the middle of a thought. Latin letters are always allowed (names, code), and
-- so is every language that the task names
with texts as (
    select
        trajectory_id,
        list_distinct(flatten(list(scripts_read))) as supported
    from turn_facts
    semi join candidates using (trajectory_id)
    group by trajectory_id
),

asked as (
    select
        candidates.trajectory_id,
        candidates.instruction,
        trajectories.system,
        final_words.answer,
        texts.supported,
        coalesce(matches(concat_ws(' ', candidates.instruction, trajectories.system), $names_languages_list) or regexp_matches(candidates.instruction, $translates), false) as names_languages,
        -- most tasks and answers are English: identify the language of the others only
        strlen(candidates.instruction) = length(candidates.instruction)
            and strlen(final_words.answer) < length(final_words.answer) * 1.02
            and len(regexp_extract_all(candidates.instruction, $english_words)) * 8 >= len(string_split(candidates.instruction, ' '))
            and len(regexp_extract_all(left(final_words.answer, 2000), $english_words)) * 8 >= len(string_split(left(final_words.answer, 2000), ' '))
            and not names_languages as is_english
    from candidates
    join trajectories using (trajectory_id)
    join final_words using (trajectory_id)
    left join texts using (trajectory_id)
),

slips as (
    select
        turn_facts.trajectory_id,
        max(list_max(list_transform(
            list_filter(scripts, lambda one: not list_contains(coalesce(asked.supported, []), one.script)),
            -- a Chinese character counts as several letters
            lambda one: one.letters * case when one.script = 'han' and one.letters >= 4 then 2 else 1 end / letters
        ))) as share
    from turn_facts
    join asked using (trajectory_id)
    where len(scripts) > 0 and not asked.names_languages
    group by turn_facts.trajectory_id
),

judged as (
    select
        asked.trajectory_id,
        slips.share,
        case
            when coalesce(slips.share >= $max_foreign_script_share, false) then 'other_script'
            when asked.is_english or asked.answer is null then 'ok'
            when foreign_language(asked.instruction, asked.system, asked.answer) is not null then 'other_language'
            else 'ok'
        end as reason
    from asked
    left join slips using (trajectory_id)
)

select trajectory_id, reason = 'ok' as keep, reason, coalesce(share, 0) as value
from judged
