-- one row per turn; adds columns on the agent's text for gates: garbled text, guesses, loops, cited addresses, tool markup, scripts,
-- words on grading
with agent_texts as (
    select
        *,
        case when role = 'assistant' then written end as agent_text,
        strlen(agent_text) > length(agent_text) as beyond_ascii,
        -- a short text may loop if three in ten of its trigrams are not distinct
        case
            when role <> 'assistant' then false
            when strlen(written) < 600 then len(pieces) >= 12 and len(trigrams) * 10 < len(pieces) * 7
            else text_recurs
        end as recurs
    from turn_part
),

-- only text outside ASCII can be of another script; most texts have little of it
foreign_letters as (
    select
        *,
        case when beyond_ascii then
            case when len(scripts_in(agent_text)) > 0 then regexp_replace(agent_text, '[[:ascii:]]+', '', 'g') end
        end as foreign_text
    from agent_texts
),

counted as (
    select
        *,
        list_filter(
            case when foreign_text is not null then [
                {script: 'han', letters: length(regexp_replace(foreign_text, '[^\p{Han}\p{Hiragana}\p{Katakana}]+', '', 'g'))},
                {script: 'hangul', letters: length(regexp_replace(foreign_text, '[^\p{Hangul}]+', '', 'g'))},
                {script: 'cyrillic', letters: length(regexp_replace(foreign_text, '[^\p{Cyrillic}]+', '', 'g'))},
                {script: 'arabic', letters: length(regexp_replace(foreign_text, '[^\p{Arabic}]+', '', 'g'))},
                {script: 'hebrew', letters: length(regexp_replace(foreign_text, '[^\p{Hebrew}]+', '', 'g'))},
                {script: 'thai', letters: length(regexp_replace(foreign_text, '[^\p{Thai}]+', '', 'g'))},
                {script: 'devanagari', letters: length(regexp_replace(foreign_text, '[^\p{Devanagari}]+', '', 'g'))}
            ] end,
            -- one or two letters of another script are a name or a symbol
            lambda one: one.letters >= 3
        ) as counts
    from foreign_letters
),

lettered as (
    select
        *,
        case when length(agent_text) < 600 then 10 else 30 end as probe,
        -- without code; rows of tables and data, statements and lines of logs may be alike
        case when recurs then regexp_replace(
            array_to_string(string_split(agent_text, '```')[:-:2], chr(10)),
            '(?m:^ *(?:\||\[|(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL)\b|\d{4}-\d\d|\d\d:\d\d|> |\$ ).*$|^[!-~\p{Latin}]*[,;\t][!-~\p{Latin}]*$|^.*[;{}]$)',
            '',
            'g'
        ) end as prose,
        case when recurs then list_filter(
            list_transform(
                regexp_split_to_array(prose, '[.!?。！？؟।,，、;；]+\s*|\n'),
                lambda piece: regexp_replace(trim(piece), '^([-*•]|\d+[.)])\s*', '')
            ),
            lambda piece: strlen(piece) >= 8
        ) end as sentences,
        case when len(counts) > 0 then
            length(regexp_replace(agent_text, '[^A-Za-z]+', '', 'g')) + length(regexp_replace(foreign_text, '[^\p{L}\p{M}]+', '', 'g'))
        end as letters
    from counted
)

select
    * exclude (agent_text, beyond_ascii, recurs, foreign_text, counts, probe, prose, sentences),
    list_filter(counts, lambda one: one.letters >= 0.01 * letters) as scripts,
    case when strlen(agent_text) >= 60 then text_hash end as message_hash,
    -- output of a model after numeric overflow, or of bytes that do not decode
    contains(agent_text, '!!!!!!!!!!!!!!!!!!!!!!!!') or contains(agent_text, '��������') as garbled,
    case
        when agent_text is null or tool_calls is not null then false
        else regexp_matches(
            replace(right(agent_text, 2000), '’', ''''),
            '(?i)\b(i(''ll| will| must| have to)? (just )?guess\b|(best|educated|wild|random) guess\b|making (this|it) up\b)'
        )
    end as guesses,
    -- a loop that fills a third of a message covers one of three positions; text between two equal pieces counts once
    case when recurs then list_max(list_transform(
        list_filter(
            list_transform(
                [3, 1.5, 1],
                lambda n: string_split(agent_text, substring(agent_text, (length(agent_text) / n)::bigint - probe + 1, probe))
            ),
            lambda between: len(between) > 4
        ),
        lambda between: 1 - list_sum(list_transform(list_distinct(between), lambda one: length(one) + probe))
            / length(agent_text)
    )) end as looped_share,
    -- sentences, clauses and list items that occur three times and more, outside code and tables: the share of all but the first
    case when recurs and strlen(agent_text) < 100_000 then list_sum(list_transform(
        map_entries(list_histogram(sentences)), lambda one: case when one.value >= 3 then (one.value - 1) * length(one.key) else 0 end
    )) / length(agent_text) end as repeated_share,
    -- skip fenced code: its addresses are not citations. Drop the scheme: http and https give the same page
    case when agent_text is not null and (contains(content, '://') or contains(content, '10.')) then list_distinct(list_transform(
        regexp_extract_all(
            array_to_string(string_split(content, '```')[:-:2], ' '),
            -- an address, or the identifier of an article
            '(?:https?|[dD][oO][iI](?:\.org/|[: ])\s?)(://[^\s<>()\[\]{}"''`|\\^，。；：！？、（）【】《》「」『』“”‘’…]+|10\.\d{4,9}/[\w.()/;-]+)',
            1
        ),
        lambda address: regexp_replace(address, '(#.*|[.,;:!?*_/]+)$', '')
    )) end as cited_urls,
    coalesce(
        case when
            case
                when contains(agent_text, '<') then
                    contains(agent_text, '</') or contains(agent_text, '<|') or regexp_matches(agent_text, '<(?:unk|pad|bos|eos|eod|sop)>') or contains(agent_text, '<｜') or contains(agent_text, '<tool_')
                    or contains(agent_text, '<function') or contains(agent_text, '<invoke name=') or contains(agent_text, '<observation>')
                    or contains(agent_text, '[TOOL_') or contains(agent_text, '[/TOOL_') or contains(agent_text, '<start_of') or contains(agent_text, 'INST]')
                    or contains(agent_text, '### ')
                    or contains(agent_text, '_TOKEN>') or contains(agent_text, '<extra_id_') or contains(agent_text, '<system') or contains(agent_text, '[|')
                when starts_with(agent_text, 'assistant') or contains(agent_text, 'assistantfinal') or contains(agent_text, 'assistantcommentary') or contains(agent_text, '[|') or contains(agent_text, 'OS]') or contains(agent_text, ']~b]') or contains(agent_text, '_PROMPT]') then true
                else contains(agent_text, '[TOOL_') or contains(agent_text, '[/TOOL_') or contains(agent_text, 'INST]') or contains(agent_text, '### ')
            end
        then nullif(regexp_extract(
            agent_text,
            '</?(?:tool|function)_(?:call|response|result|output)s?>|</?observation>|<｜tool|<function=[\w.-]+>|<invoke name="|\[/?TOOL_(?:CALL|RESULT)S?\]'
            || '|<\|(?:im_start|im_end|eot_id|end_of_text|endoftext|channel|python_tag|start|message|return|end|user|assistant|system|tool)\w*'
            || '|<[|｜][\w▁ ]{2,40}[|｜]>|<(?:unk|pad|bos|eos|eod|sop)>|\[gMASK\]|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>|^\s*<s>|</s>\s*(?:$|<s>)|(?:^|\n)### (?:Instruction|Response|Input|Human|Assistant|User):'
            || '|<[A-Z_]+_TOKEN>|<extra_id_\d+>|</?system[-_ ]?(?:reminder|prompt|message|note)?>|\[\|[\w ]+\|\]|\[/?(?:BOS|EOS|SYSTEM_PROMPT)\]|\]~b\]\w*|^assistant\s*\n|(?:assistant|analysis)(?:final|commentary|analysis)'
            || '|</(?:final_)?(?:answer|response|output|plan|critique|feedback|rationale|observation|context|documents?|user|assistant|human|instructions?|search|query)>\s*$'
        ), '') end,
        -- thoughts that were not taken out of the words for the user
        case when role = 'assistant' and contains(content, '</') then nullif(regexp_extract(content, '</?(?:think(?:ing)?|scratch_?pad|reflection|reasoning|inner_monologue|thoughts?)>'), '') end,
        -- ReAct in plain text (Yao et al. 2023): an action and its observation in one message; and the other side of the talk
        case when role = 'assistant' and contains(content, chr(10))
        then first_match(array_to_string(string_split(content, '```')[:-:2], ' '), $invents_turns_list) end,
        -- the first message of an attempt has read no result that it could report
        case when role = 'assistant' and index <= 2 and content is not null and tool_calls is not null
        then first_match(array_to_string(string_split(content, '```')[:-:2], ' '), $writes_results_list || '|' || $tool_says_list) end,
        case when role = 'assistant' and index <= 2 and (contains(content, chr(10)) or contains(content, '['))
        then first_match(array_to_string(string_split(content, '```')[:-:2], ' '), $writes_steps_list) end,
        case when role = 'assistant' and index <= 2 and (contains(content, '```') or contains(content, chr(10)) or contains(content, '(')) then first_match(content, $shows_session_list) end,
        -- with no call in the same message: a result in the text, which perhaps no call gave
        case when role = 'assistant' and index <= 2 and content is not null then first_match(content, $tool_says_list) end
    ) as tool_markup,
    coalesce(
        case
            when agent_text is null then null
            when beyond_ascii
                and regexp_matches(written, '(?i)ground[ _-]truth|gold(en)?[ _-](answer|label)|(reference|expected)[ _]answer|system prompt|grader|rubric')
                then lower(coalesce(first_match(concat_ws(' ', reasoning, content), $on_grading_mixed_list || '|' || $on_grading_list), first_match(written, $on_marking_list || ',' || $on_graders_list)))
            else lower(first_match(written, $on_grading_list || ',' || $on_marking_list || ',' || $on_graders_list))
        end,
        -- of a sentence on the evaluation of this task, the name of the thing
        case when agent_text is not null then lower(first_match(
            first_match(written, $on_evaluation_list || ',' || $on_instructions_list || case when beyond_ascii then ',' || $on_evaluation_elsewhere_list else '' end), $evaluation_nouns_list
        )) end,
        -- the long list is searched where a word of it is
        lower(first_match(
            first_match(
                case when agent_text is not null then case
                    when beyond_ascii or matches(written, $marks_words_list) then written
                end end,
                $on_marks_list || '|' || $on_marks_of_answers_list || '|' || $on_marks_of_data_list || ',' || $on_markers_list || case when beyond_ascii then ',' || $on_marks_elsewhere_list else '' end
            ),
            $evaluation_nouns_list || '|' || $marks_nouns_list
        ))
    ) as on_grading
from lettered
