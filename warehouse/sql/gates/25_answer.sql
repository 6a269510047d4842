-- one row per trajectory: refuses answers that are blank, cut off, a tool call, only a promise, or hold no result
-- without it: answers cut by the token limit, calls that nothing ran and empty forms count as examples of an answer
with finals as (
    select trajectory_id, arg_max(finish_reason, index) as finish_reason
    from turn_facts
    semi join candidates using (trajectory_id)
    where role = 'assistant'
    group by trajectory_id
),

trimmed as (
    select
        candidates.trajectory_id,
        final_words.answer,
        -- without the word that opens them: `Perfect, I have read the file`
        list_transform(final_words.sentences, lambda sentence: regexp_replace(sentence, $interjection, '')) as sentences,
        candidates.instruction,
        trajectories.tools,
        finals.finish_reason,
        final_words.grounded,
        final_words.touched,
        final_words.words_of_results,
        final_words.counted_words,
        final_words.is_quoted,
        final_words.is_served,
        final_words.has_result,
        trim(candidates.answer) = trim(candidates.true_answer) as is_truth,
        -- the last line outside code, and the last line of all
        trim(string_split(trim(final_words.answer, e' \n\t'), chr(10))[-1]) as last_line,
        regexp_replace(regexp_replace(final_words.answer, '^```\w*\s*', ''), '\s*```$', '') as bare,
        matches(candidates.instruction, $asks_for_calls_list) as asks_for_calls
    from candidates
    join final_words using (trajectory_id)
    join trajectories using (trajectory_id)
    left join finals using (trajectory_id)
),

-- a fragment: what follows the last full stop of the last line, if it has words and ends in a letter or a comma
parted as (
    select
        *,
        -- brackets and quotation marks in code need no other half
        regexp_replace(last_line, '`[^`]*`', 'x', 'g') as spoken_line,
        regexp_extract(last_line, '(?:^|[.!?؟।]["”»)*_]*\s+|[。！？][」』”]*)([^.!?؟।。！？]+|[^。！？]*[a-z0-9][.?][a-z0-9][^.!?؟।。！？]*)$', 1) as fragment,
        -- an answer that is data, or ends in a fenced block of it
        case when json_valid(bare) then bare when json_valid(last_line) then last_line else regexp_extract(answer, '\n```\w*\s*(\{[^`]*\})\s*```\s*$', 1) end as block,
        coalesce(nullif(regexp_extract(block, '"(?:name|tool|function|tool_name|action|function_name)"\s*:\s*"([\w.-]+)"', 1), ''), '-') as called,
        coalesce(nullif(regexp_extract(last_line, '(?:^|[:：>→] ?|^\p{L}+ )`?\[?(?:print\()?(?:functions\.|tools\.|await )?(\w+)(?:\(.*\)| ?[:：] ?\{.*\}| \{.*\})\)?\]?`?;?$', 1), ''), '-') as invoked,
        -- the name of a tool under a label, in one of the last lines
        coalesce(nullif(regexp_extract(right(answer, 600), '(?:^|\n)[*_# ]*[\p{L}\p{M}_ ]{2,24}[*_]*\s*[:：] ?[*_]*[`"]?([A-Za-z_]\w{2,})[`"]?(?:\(\))?\s*(?:\n[^\n]*){0,3}$', 1), ''), '-') as labelled,
        -- lines of a list before its last one: do they end in a full stop?
        list_filter(
            string_split(answer, chr(10))[:-2], lambda line: regexp_matches(line, '^\s*([-*•]|\d+[.)])\s')
        ) as items,
        list_filter(
            string_split(answer, chr(10))[:-2], lambda line: length(line) >= 40 and not regexp_matches(line, '^\s*([-*•|#>]|\d+[.)])')
        ) as paragraphs
    from trimmed
),

judged as (
    select
        trajectory_id,
        length(answer) as chars,
        case
            when finish_reason = 'length' then 'cut_by_limit'
            when is_truth or answer is null then 'ok'
            when answer = '' or not regexp_matches(answer, '[\p{L}\p{N}]') then case when regexp_matches(answer, '^[^\p{L}\p{N}]*[\p{So}\p{Sm}`"''(\[]') and answer <> '' then 'ok' else 'blank' end
            when regexp_matches(answer, '(?i)^(the )?(final )?answer( is)?[^\p{L}\p{N}]*$') then 'blank'
            -- an empty form
            when regexp_matches(answer, '_{3,}[.!]?$') and has_result and not matches(instruction, $composes_list) then 'blank'
            -- a fence at the start of a line, with code after it, that nothing closes
            when len(regexp_extract_all(answer, '(?:^|\n)\s*```')) % 2 = 1 and regexp_matches(answer, '(?:^|\n)\s*```[^`]*\n[^`]*[^\s`][^`]*$') then 'cut_in_code'
            when regexp_matches(answer, '(?:^|\n)<think>') and not contains(answer, '</think>') then 'cut_in_thought'
            when regexp_matches(bare, '^[\[{]') and regexp_matches(bare, '^[\[{]\s*["\[{]') and not json_valid(bare) and length(regexp_replace(bare, '[^\[{]+', '', 'g')) > length(regexp_replace(bare, '[^\]}]+', '', 'g')) then 'cut_in_data'
            when asks_for_calls then 'whole'
            -- a command alone in place of its output
            when regexp_full_match(answer, '```(?:bash|sh|shell|console|zsh)\s*\n[^`]*```') and matches(instruction, $asks_for_fact_list) and not matches(instruction, $asks_for_code_list) then 'call_as_answer'
            when
                json_valid(block)
                and called <> '-'
                and regexp_matches(block, '"(arguments|parameters|args|input|action_input|params|kwargs|tool_input)"\s*:')
                and (coalesce(tools, '[]') = '[]' or contains(tools, '"' || called || '"'))
            then 'call_as_answer'
            when invoked <> '-' and contains(coalesce(tools, ''), '"' || invoked || '"') then 'call_as_answer'
            -- a call in the form of a list of calls, or an action over its arguments, of whatever tool
            when regexp_matches(last_line, '^\[\w+\((\w+ ?= ?("[^"]*"|''[^'']*''|[\w.-]+)(, ?|\)))+\]$') then 'call_as_answer'
            when regexp_matches(right(answer, 600), '(?:^|\n)[*_# ]*\p{L}{3,16}[*_]*\s*[:：] ?[*_]*`?[a-z]+_[a-z_]+`?\s*\n[*_# ]*\p{L}[\p{L} _]{3,20}[*_]*\s*[:：]\s*`?\{[^\n]*\}`?\s*$') then 'call_as_answer'
            when labelled <> '-' and contains(coalesce(tools, ''), '"' || labelled || '"') then 'call_as_answer'
            when regexp_matches(last_line, '(?i)^[*_# ]*(action|action input|tool|tool call|function call|call|aktion|acción|ação|azione|行动|行動|动作|行动输入|アクション|действие|행동|الإجراء|eylem|akcja|hành động)( \d+)?[*_]*\s*[:：]') then 'call_as_answer'
            when regexp_matches(right(answer, 400), '(</?tool_call>|</?use_mcp_tool>|</(?:arguments|parameters?|tool_name|tool_input|action_input|tool_use)>|</?function_calls?>|</function>|</invoke>|<function=[\w.-]+>|<invoke name=|\[/?TOOL_CALLS?\]|<[｜|]tool)[^\p{L}]*$') then 'call_as_answer'
            else 'whole'
        end as reason,
        sentences, fragment, last_line, spoken_line, items, paragraphs, instruction, answer, grounded, touched, words_of_results, counted_words, is_quoted, is_served, has_result
    from parted
),

-- short answers to a question without a number, a yes or a no, and without a word that a result holds and the task does not
ungrounded as (
    select
        *,
        coalesce(
            grounded = 0
            and is_served
            and reason = 'whole'
            and strlen(answer) < 600
            and not regexp_matches(regexp_replace(answer, '(^|\n)\s*\d+[.)]', '', 'g'), '\p{N}|```')
            and matches(instruction, $asks_a_question_list)
            and ((regexp_matches(instruction, $ends_in_question) or matches(instruction, $asks_for_telling_list)) or not matches(instruction, $asks_for_changes_list))
            and (not matches(instruction, $composes_list) or regexp_matches(instruction, $ends_in_question) and matches(instruction, $asks_for_fact_list))
            and not regexp_matches(answer, $yes_or_no)
            and not matches(answer, $nothing_there_list),
            false
        ) as is_ungrounded,
        -- with no word in common, the results may be in another language: then each clause counts by itself
        case
            when not is_ungrounded or not has_result then []
            when touched > 0 then list_filter(sentences, lambda sentence: not regexp_matches(sentence, '^(?:\*\*|#|__)'))
            else list_filter(
                flatten(list_transform(sentences, lambda sentence: regexp_split_to_array(sentence, '[,،、，;；—–]'))),
                lambda clause: regexp_matches(clause, '^[^*#_]*\p{L}')
            )
        end as units
    from judged
),

hollow as (
    select
        *,
        case when is_ungrounded then
            matches(answer, $reports_only_list) or matches(answer, $tells_where_list)
            or has_result and regexp_matches(answer, '^(\[[^\[\]]*\]|<[^<>]*>|\{[^{}]*\})$')
            -- no sentence is on the matter
            or len(units) > 0 and len(list_filter(units, lambda unit: not (
                matches(unit, $speaks_of_itself_list) or matches(unit, $speaks_of_fault_list) or matches(unit, $tells_of_failure_list) or matches(unit, $fails_in_other_scripts_list) or matches(unit, $declines_list)
                or matches(unit, $reports_only_list) or matches(unit, $tells_where_list) or matches(unit, $holds_nothing_list) or matches(unit, $promises_list)
                or matches(unit, $offers_list)
            ))) = 0
        -- an answer to a question of quantity without a quantity, and without a word of a result
        else coalesce(
            -- the name of the quantity stands in both
            words_of_results * 4 <= counted_words
            and has_result
            and reason = 'whole'
            and strlen(answer) < 240
            and matches(instruction, $asks_a_question_list)
            and (matches(instruction, $asks_for_quantity_list)
                or matches(answer, $holds_it_somewhere_list) and words_of_results = 0 and strlen(answer) < 160 and not regexp_matches(answer, '[:："`«“„]'))
            and not matches(answer, $small_numbers_list)
            and not matches(answer, $hedges_list)
            and not matches(answer, $nothing_there_list)
            and not (regexp_matches(answer, $yes_or_no) and not matches(instruction, $asks_for_fact_list)),
            false
        ) end as says_nothing
    from ungrounded
),

ended as (
    select
        trajectory_id,
        chars,
        case
            when reason <> 'whole' then reason
            when is_quoted then 'ok'
            -- a heading with nothing under it
            when regexp_matches(last_line, '^#{1,6} \S') and regexp_matches(answer, '\S\s*\n') then 'cut_in_sentence'
            when says_nothing then 'says_nothing'
            -- a work that never comes: without a condition, and in no letter
            when
                len(sentences) > 0
                and (matches(sentences[-1], $promises_list) or matches(sentences[-1], $starts_work_list) or matches(sentences[-1], $starts_work_elsewhere_list) or matches(sentences[-1], $comes_soon_list))
                and not matches(regexp_replace(array_to_string(sentences[-2:], ' '), $own_progress, ' ', 'g'), $on_condition_list)
                and not matches(instruction, $asks_how_list)
                and not matches(instruction, $asks_to_remind_list)
                and (not matches(instruction, $composes_list) and not matches(instruction, $asks_for_text_list) or has_result and len(sentences) <= 2 and strlen(answer) < 300)
            then 'only_a_promise'
            -- the last sentence points below itself, to an empty place
            when len(sentences) > 0 and matches(sentences[-1], $points_below_list) and not regexp_matches(last_line, '```|^\s*(\||>|[-*•]\s|\d+[.)]\s)') and not matches(instruction, $composes_list)
            then 'only_a_promise'
            -- a question back whose words the task has
            when
                has_result
                and words_of_results = 0
                and strlen(answer) < 300
                and not regexp_matches(answer, '\p{N}')
                and len(sentences) > 0
                and len(list_filter(sentences, lambda sentence: not regexp_matches(sentence, '[?？؟]|^\p{L}+[.!]$'))) = 0
                and len(list_filter(
                    list_distinct(regexp_extract_all(strip_accents(lower(answer)), '[\p{Latin}\p{Cyrillic}\p{Arabic}\p{M}]{4,}|\p{Han}{2}|\p{Hangul}{2}')),
                    lambda word: contains(strip_accents(lower(instruction)), left(word, 5))
                )) >= 2
            then 'says_nothing'
            when matches(instruction, $composes_list) and len(sentences) > 1 and not matches(fragment, $cut_words_list) and not regexp_matches(last_line, '[.!?।]\s+\p{Lu}\S*(\s\S+){4,}\s\p{Ll}+$') then 'ok'
            when len(sentences) > 0 and matches(sentences[-1], $promises_list) and not matches(instruction, $asks_for_text_list)
                and len(list_filter(sentences[:-2], lambda sentence: regexp_matches(sentence, '[0-9]|[a-z]_[a-z]|\w\.[a-z]{2,4}\b') or strlen(sentence) > 60)) = 0
            then 'only_a_promise'
            -- the next step, and no more
            when
                len(sentences) > 0
                and matches(sentences[-1], $next_step_list)
                and matches(sentences[-1], $first_person_list)
                and not matches(sentences[-1], $tells_past_list)
                and matches(instruction, $asks_a_question_list)
                and not matches(instruction, $asks_how_list)
            then 'only_a_promise'
            when
                len(sentences) > 0
                and len(list_filter(sentences, lambda sentence: not (
                    matches(sentence, $holds_nothing_list) or matches(sentence, $promises_list) or matches(sentence, $only_confirms_list) or matches(sentence, $offers_list)
                ))) = 0
                and matches(instruction, $asks_a_question_list)
                and (regexp_matches(instruction, '[?？؟]') or not matches(instruction, $asks_for_changes_list))
                and not contains(answer, '```')
            then 'only_a_promise'
            when matches(answer, $only_confirms_list) and matches(instruction, $asks_a_question_list) and (regexp_matches(instruction, '[?？؟]') or not matches(instruction, $asks_for_changes_list)) then 'only_a_promise'
            -- a verse without full stops
            when matches(instruction, $asks_for_verse_list) and len(regexp_extract_all(answer, '\n\s*\S')) >= 2 and not regexp_matches(answer, '[.!?。！？।؟]\s*\n') and not regexp_matches(last_line, '[,、，(\[-]$') then 'ok'
            -- a quotation, a bracket or bold text that nothing closes, an empty item, half a row of a table
            when regexp_matches(spoken_line, '«[^»]*[^».!?]$|“[^”]*[^”.!?]$|「[^」]*[^」。]$|^[^()]*\([^()]*[^().!?:;]$|^(?:[^*]*\*\*[^*]+\*\*)*[^*]*\*\*[^*]+$|^\s*(?:[-•]|\d+[.)])$') and not regexp_matches(last_line, '„') and not regexp_full_match(answer, '\d+[.)]') then 'cut_in_sentence'
            when regexp_matches(last_line, '^\|.*[^|\s]$') and regexp_matches(answer, '\|\s*\n') then 'cut_in_sentence'
            when starts_with(last_line, '|') and regexp_matches(answer, '\|\s*\n') and len(string_split(last_line, '|')) < len(string_split(trim(string_split(answer, chr(10))[-2]), '|')) then 'cut_in_sentence'
            when regexp_matches(last_line, '^\||^#|^\s*$|https?://\S+$|^```|\$$|`$|[\p{So}\p{N})\]}>%°€$£¥]$') then 'ok'
            -- a range without an end, and the state of a switch
            when regexp_matches(last_line, '\d ?–$|^\s*[-*•]\s[^:：]{1,24}[:：] (on|off|in|out)$') then 'ok'
            when regexp_matches(last_line, '[,،、，:：；(\[{–—-]$|^[^(){}=<>*"]*;$') and not regexp_matches(last_line, '^(?i:select|insert|update|delete|create|drop|alter|use|begin|commit)\b.*;$') then 'cut_in_sentence'
            when (length(fragment) >= 12 or length(last_line) >= 24 and contains(trim(fragment), ' ') or len(items) >= 1 and regexp_matches(last_line, '^\s*([-*•]|\d+[.)])\s\S+\s')) and matches(fragment, $cut_words_list) and not regexp_matches(fragment, $ends_whole) then 'cut_in_sentence'
            -- an abbreviation with nothing after it
            when length(last_line) >= 24 and matches(last_line, $cut_abbreviations_list) then 'cut_in_sentence'
            -- a straight quotation mark that nothing closes
            when len(string_split(last_line, '"')) % 2 = 0 and regexp_matches(last_line, '(?:^|[\s(:])"\p{L}[^"]*[\p{L},]$') then 'cut_in_sentence'
            when regexp_matches(last_line, '\p{L}\s?(\.\.\.|…)$') and matches(regexp_replace(last_line, '\s?(\.\.\.|…)$', ''), $cut_words_list) then 'cut_in_sentence'
            when len(items) >= 1 and regexp_matches(last_line, case when len(items) > 1 then '^\s*([-*•]|\d+[.)])\s(\S+\s+){2}' else '^\s*([-*•]|\d+[.)])\s\S+\s+\S+' end)
                and len(list_filter(items, lambda item: not regexp_matches(item, '[.!?。！？।؟][^\p{L}\p{M}\p{N}]*$'))) = 0
                and regexp_matches(last_line, '[\p{L}\p{M}]$')
            then 'cut_in_sentence'
            when matches(last_line, '^\s*([-*•>]|\d+[.)])\s|^[\p{L} ]{1,24}[:：].{0,60}$') then 'ok'
            -- a whole sentence of this length ends in a full stop
            when
                length(fragment) >= 60
                and len(string_split(trim(fragment), ' ')) >= 10
                and regexp_matches(fragment, '^\W*\p{Lu}.*\s[\p{Ll}''-]+$')
            then 'cut_in_sentence'
            -- every paragraph before the last line ends in a full stop
            when
                len(paragraphs) > 0
                and len(list_filter(paragraphs, lambda line: not regexp_matches(line, '[.!?…。！？।؟:：][”"»)*_]*\s*$'))) = 0
                and len(string_split(last_line, ' ')) >= 5
                and regexp_matches(last_line, '[\p{Ll}\p{Arabic}\p{Devanagari}\p{Hebrew}]$')
                and not regexp_matches(last_line, '^\s*([-*•>]|\d+[.)])\s')
            then 'cut_in_sentence'
            -- the same without spaces: a last line with a comma, and no form that ends a sentence
            when
                regexp_matches(answer, '[。！？]\s*\n')
                and regexp_matches(last_line, '^[^|>*•・-].{5,}[、，].{3,}[\p{Han}\p{Hiragana}\p{Katakana}ー]$')
                and not regexp_matches(last_line, '[いるうただんよねす]$|ございます|ください')
            then 'cut_in_sentence'
            -- an article and one letter
            when regexp_matches(fragment, '\s(وال|فال|بال|ال)\p{Arabic}$') then 'cut_in_sentence'
            when length(fragment) >= 50 and regexp_matches(fragment, '[क-ह]$|\S{2}ने$') then 'cut_in_sentence'
            -- a clause that another must follow, and no verb at the end
            when length(fragment) >= 24 and regexp_matches(fragment, '\p{Hangul}(고|며|지만|는데|으니|므로|니까|아서|어서)[ ,].*\p{Hangul}$')
                and not regexp_matches(fragment, '[다요까죠음함임됨오네라자기지]$')
            then 'cut_in_sentence'
            -- sentences before it on the line end in full stops, this one in a letter
            when regexp_matches(regexp_replace(last_line, '(?i)\b\d{1,2}\. (jan|feb|mär|mar|apr|ma[ijy]|jun|jul|aug|sep|o[kc]t|nov|de[zc])', 'x', 'g'), '[.!?؟।]["”»)*_]*\s|[。！？]') and regexp_matches(fragment, '[\p{L}\p{M}]$')
                and (
                    len(string_split(trim(fragment), ' ')) >= 4
                    or matches(fragment, $opens_sentence_list)
                    or regexp_matches(fragment, '[\p{Han}\p{Hiragana}\p{Katakana}]{3,}')
                )
            then 'cut_in_sentence'
            else 'ok'
        end as reason
    from hollow
)

select trajectory_id, reason = 'ok' as keep, reason, chars as value
from ended
