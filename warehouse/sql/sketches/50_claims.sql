-- one row a turn; adds what gates ask of the agent's words: noise, guesses, loops, cited addresses, markup of tools, scripts
with spoken as (
    select
        *,
        case when role = 'assistant' then said end as wrote,
        -- a loop that fills a third of a text repeats what stands at a quarter of its places, or keeps the letter b away;
        -- a short text loops where hardly any three of its many words are new
        case
            when role <> 'assistant' then false
            when strlen(said) < 600 then len(pieces) >= 60 and len(threes) * 10 < len(pieces)
            when len(following) * 150 < strlen(said) then true
            else
                list_position(following, following[len(following) // 4]) < len(following) // 4
                or list_position(following, following[len(following) // 2]) < len(following) // 2
                or list_position(following, following[len(following) * 3 // 4]) < len(following) * 3 // 4
                or list_position(following, following[len(following) - 1]) < len(following) - 1
        end as recurs
    from turn_part
),

-- only what is no ASCII can be of another script; it is a small part of most texts
foreign_letters as (
    select
        *,
        case when strlen(wrote) > length(wrote)
            and regexp_matches(wrote, '[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Cyrillic}\p{Arabic}\p{Hebrew}\p{Thai}\p{Devanagari}]')
        then regexp_replace(wrote, '[[:ascii:]]+', '', 'g') end as beyond
    from spoken
),

counted as (
    select
        *,
        list_filter(
            case when beyond is not null then [
                {script: 'han', letters: length(regexp_replace(beyond, '[^\p{Han}\p{Hiragana}\p{Katakana}]+', '', 'g'))},
                {script: 'hangul', letters: length(regexp_replace(beyond, '[^\p{Hangul}]+', '', 'g'))},
                {script: 'cyrillic', letters: length(regexp_replace(beyond, '[^\p{Cyrillic}]+', '', 'g'))},
                {script: 'arabic', letters: length(regexp_replace(beyond, '[^\p{Arabic}]+', '', 'g'))},
                {script: 'hebrew', letters: length(regexp_replace(beyond, '[^\p{Hebrew}]+', '', 'g'))},
                {script: 'thai', letters: length(regexp_replace(beyond, '[^\p{Thai}]+', '', 'g'))},
                {script: 'devanagari', letters: length(regexp_replace(beyond, '[^\p{Devanagari}]+', '', 'g'))}
            ] end,
            -- a letter or two of another script is a name or a sign
            lambda one: one.letters >= 3
        ) as counts
    from foreign_letters
),

lettered as (
    select
        *,
        case when len(counts) > 0 then
            length(regexp_replace(wrote, '[^A-Za-z]+', '', 'g')) + length(regexp_replace(beyond, '[^\p{L}\p{M}]+', '', 'g'))
        end as letters
    from counted
)

select
    * exclude (wrote, recurs, beyond, counts),
    list_filter(counts, lambda one: one.letters >= 0.01 * letters) as scripts,
    case when strlen(wrote) >= 60 then words end as words_hash,
    -- what a model writes when its numbers have overflowed, or its bytes do not decode
    contains(wrote, '!!!!!!!!!!!!!!!!!!!!!!!!') or contains(wrote, '��������') as garbled,
    case
        when wrote is null or tool_calls is not null then false
        else regexp_matches(
            replace(right(wrote, 2000), '’', ''''),
            '(?i)\b(i(''ll| will| must| have to)? (just )?guess\b|(best|educated|wild|random) guess\b|making (this|it) up\b)'
        )
    end as guesses,
    -- a loop that fills a third of a message on end holds one of three places; what stands between two equal ones counts once
    case when recurs then list_max(list_transform(
        list_filter(
            list_transform(
                [3, 1.5, 1],
                lambda n: string_split(wrote, substring(wrote, (length(wrote) / n)::bigint - 29, 30))
            ),
            lambda between: len(between) > 4
        ),
        lambda between: 1 - list_sum(list_transform(list_distinct(between), lambda one: length(one) + 30))
            / length(wrote)
    )) end as looped,
    -- code between fences names addresses to call, it cites none. What is left begins at ://, since a page is the same by http and https
    case when wrote is not null and contains(content, '://') then list_distinct(list_transform(
        regexp_extract_all(
            array_to_string(string_split(content, '```')[:-:2], ' '),
            'https?(://[^\s<>()\[\]{}"''`|\\^，。；：！？、（）【】《》「」『』“”‘’…]+)',
            1
        ),
        lambda address: regexp_replace(address, '(#.*|[.,;:!?*_/]+)$', '')
    )) end as cited,
    coalesce(
        case when
            case
                when contains(wrote, '<') then
                    contains(wrote, '</') or contains(wrote, '<|') or contains(wrote, '<｜') or contains(wrote, '<tool_')
                    or contains(wrote, '<function') or contains(wrote, '<invoke name=') or contains(wrote, '<observation>')
                    or contains(wrote, '[TOOL_') or contains(wrote, '[/TOOL_')
                else contains(wrote, '[TOOL_') or contains(wrote, '[/TOOL_')
            end
        then nullif(regexp_extract(
            wrote,
            '</?(?:tool|function)_(?:call|response|result|output)s?>|</?observation>|<｜tool|<function=[\w.-]+>|<invoke name="|\[/?TOOL_(?:CALL|RESULT)S?\]'
            || '|<\|(?:im_start|im_end|eot_id|end_of_text|channel|python_tag|tool)'
        ), '') end,
        -- ReAct in plain text (Yao et al. 2023): an action and its observation in one message; the word alone is anybody's
        case when contains(wrote, chr(10) || 'Observation')
        then nullif(regexp_extract(wrote, '(?s)(?:^|\s)Action(?: \d+)?:.*?(\nObservation(?: \d+)?:)', 1), '') end
    ) as markup
from lettered
