-- one row a turn of the agent, or one that bears out what it claims: what gates ask of long text, so that it is read once
with spoken as (
    select
        trajectory_id,
        index,
        content,
        concat_ws(chr(10), reasoning, content) as words,
        tool_calls is null as says_no_call,
        tool_calls is null or json_valid(tool_calls) as readable
    from turn_part
    where role = 'assistant'
),

-- a loop that fills a third of a message on end holds one of three places; what stands between two equal ones counts once
looped as (
    select
        trajectory_id,
        index,
        list_max(list_transform(
            list_filter(
                list_transform(
                    [3, 1.5, 1],
                    lambda n: string_split(words, right(left(words, (length(words) / n)::bigint), 30))
                ),
                lambda pieces: len(pieces) > 4
            ),
            lambda pieces: 1 - list_sum(list_transform(list_distinct(pieces), lambda piece: length(piece) + 30))
                / length(words)
        )) as looped
    from spoken
    where strlen(words) >= 600
),

claimed as (
    select
        trajectory_id,
        index,
        readable,
        case when strlen(words) >= 60 then hash(words) end as words_hash,
        -- what a model writes when its numbers have overflowed, or its bytes do not decode
        contains(words, '!!!!!!!!!!!!!!!!!!!!!!!!') or contains(words, repeat('�', 8)) as garbled,
        says_no_call and regexp_matches(
            right(words, 2000),
            '(?i)\b(i(''ll| will| must| have to)? (just )?guess\b|(best|educated|wild|random) guess\b|making (this|it) up\b)'
        ) as guesses,
        case
            when contains(content, '://') then list_distinct(list_transform(
                regexp_extract_all(content, 'https?://[^\s<>()\[\]{}"''`|\\^]+'),
                lambda address: regexp_replace(address, '(#.*|[.,;:!?*_/]+)$', '')
            ))
        end as cited,
        case
            when contains(words, '<') or contains(words, '[') then nullif(regexp_extract(
                words,
                '</?(?:tool|function)_(?:call|response|result|output)s?>|</?observation>|<｜tool|\[/?TOOL_(?:CALL|RESULT)S?\]'
                || '|<\|(?:im_start|im_end|eot_id|end_of_text|channel|python_tag|tool)'
            ), '')
        end as markup,
        case
            when
                strlen(words) > length(words)
                and regexp_matches(words, '[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Cyrillic}\p{Arabic}]')
            then words
        end as mixed
    from spoken
),

lettered as (
    select
        trajectory_id,
        index,
        list_filter(
            [
                {script: 'han', letters: length(regexp_replace(mixed, '[^\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]+', '', 'g'))},
                {script: 'cyrillic', letters: length(regexp_replace(mixed, '[^\p{Cyrillic}]+', '', 'g'))},
                {script: 'arabic', letters: length(regexp_replace(mixed, '[^\p{Arabic}]+', '', 'g'))}
            ],
            lambda one: one.letters > 0
        ) as scripts,
        length(regexp_replace(mixed, '[^\p{L}]+', '', 'g')) as letters
    from claimed
    where mixed is not null
),

claims as (
    select
        trajectory_id,
        list_distinct(flatten(list(list_append(claimed.cited, claimed.markup)))) as written,
        list_distinct(flatten(list(list_transform(lettered.scripts, lambda one: one.script)))) as scripts
    from claimed
    left join lettered using (trajectory_id, index)
    where len(claimed.cited) > 0 or claimed.markup is not null or len(lettered.scripts) > 0
    group by trajectory_id
),

shown as (
    select
        turn_part.trajectory_id,
        turn_part.index,
        case when turn_part.role = 'tool' then len(list_filter(
            truths.evidence_urls, lambda address: contains(turn_part.observation, address)
        )) end as n_evidence,
        list_concat(
            list_filter(claims.written, lambda claim:
                contains(turn_part.observation, claim) or contains(turn_part.content, claim) or contains(turn_part.url, claim)
            ),
            list_filter(claims.scripts, lambda script: regexp_matches(
                concat_ws(' ', turn_part.content, turn_part.observation),
                case script
                    when 'han' then '[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]'
                    when 'cyrillic' then '\p{Cyrillic}'
                    else '\p{Arabic}'
                end
            ))
        ) as bears_out
    from turn_part
    left join truths using (trajectory_id)
    left join claims using (trajectory_id)
    where turn_part.role <> 'assistant'
)

select
    claimed.trajectory_id,
    claimed.index,
    claimed.readable,
    claimed.words_hash,
    claimed.garbled,
    claimed.guesses,
    claimed.cited,
    claimed.markup,
    lettered.scripts,
    lettered.letters,
    looped.looped,
    0 as n_evidence,
    null::varchar[] as bears_out
from claimed
left join looped using (trajectory_id, index)
left join lettered using (trajectory_id, index)
union all by name
select trajectory_id, index, n_evidence, bears_out
from shown
where n_evidence > 0 or len(bears_out) > 0
