-- one row per candidate: its answer, the prose of it (without code, quotations and block quotes), the sentences of the prose, and of
-- a short answer the number of its words that a result holds (touched), and those of them that the task does not hold (grounded)
with unquoted as (
    select
        trajectory_id,
        -- accents as one letter with their base, as phrases have them
        trim(replace(nfc_normalize(answer), '’', ''''), e' \n\r\t') as answer,
        regexp_replace(
            array_to_string(string_split(replace(nfc_normalize(answer), '’', ''''), '```')[:-:2], e'\n'),
            '`[^`\n]*`|"[^"\n]{12,}"|“[^”]{3,}”|«[^»]{3,}»|„[^“”]{3,}[“”]|「[^」]{3,}」|『[^』]+』|(?:^|\n)>[^\n]*|: ''[^\n]{12,}''(?:\s|$)',
            ' ',
            'g'
        ) as prose
    from candidates
),

-- an answer that is one quotation is judged whole
chosen as (
    select trajectory_id, answer, case when regexp_matches(prose, '\p{L}{2}') then prose else answer end as prose
    from unquoted
),

-- a turn to something else ends a sentence, as a full stop does: `I cannot find X, but Y` gives Y
divided as (
    select
        *,
        string_split(
            regexp_replace(
                regexp_replace(prose, '([.!?؟।…]["”»)*_]*)\s+|([。！？][」』”]*)|([:;：；])\s', '\1\2\3' || chr(10), 'g'),
            '(?i)[,，、—–-] ?(but|however|though|yet|instead|aber|jedoch|sondern|mais|cependant|pero|sin embargo|mas|porém|ma|però|tuttavia|но|однако|зато|لكن|ولكن|लेकिन|परंतु|ama|ancak|fakat|ale|jednak|lecz|nhưng|tuy nhiên) '
            || '|[,，、] ?(但是?|不过|不過|하지만|그러나|しかし|ただし)|(ませんが|ますが|ですが|ましたが|でしたが)、',
                '\3' || chr(10),
                'g'
            ),
            chr(10)
        ) as pieces
    from chosen
),

words as (
    select
        trajectory_id,
        arg_max(plain_words, index) filter (plain_words is not null) as plain_words,
        case when coalesce(sum(result_bytes), 0) < 6000 then arg_max(brief_words, index) filter (brief_words is not null) end as brief_words,
        coalesce(flatten(list(supported_claims) filter (role = 'tool')), []) as read,
        coalesce(flatten(list(supported_claims) filter (role = 'user')), []) as asked,
        count(*) filter (role = 'tool') as results,
        count(*) filter (result_fault is not null) as faults
    from turn_facts
    semi join candidates using (trajectory_id)
    group by trajectory_id
)

select
    trajectory_id,
    answer,
    prose,
    case when plain_words is not null then len(list_filter(
        plain_words, lambda word: list_contains(read, word) and not list_contains(asked, word)
    )) end as grounded,
    case when plain_words is not null then len(list_filter(plain_words, lambda word: list_contains(read, word))) end as touched,
    -- the same of any short answer, where the results are short
    case when coalesce(plain_words, brief_words) is not null then list_filter(
        coalesce(plain_words, brief_words),
        lambda word: list_contains(read, word) and not list_contains(asked, word) and not regexp_full_match(word, '\p{N}{1,2}')
    ) end as words_read,
    len(words_read) as words_of_results,
    len(coalesce(plain_words, brief_words)) as counted_words,
    coalesce(list_contains(read, lower(rtrim(answer, ' .。!')) || chr(10)), false) as is_quoted,
    coalesce(results > faults, false) as has_result,
    coalesce(results, 0) = 0 or has_result as is_served,
    list_filter(list_transform(pieces, lambda piece: trim(piece)), lambda piece: regexp_matches(piece, '[\p{L}\p{N}]')) as sentences
from divided
left join words using (trajectory_id)
