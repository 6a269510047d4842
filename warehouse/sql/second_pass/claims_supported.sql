-- one row per turn that the agent read and that supports its claims: cited addresses, tool markup and scripts that it holds
with claims as (
    select
        part,
        trajectory_id,
        list_distinct(flatten(list(list_append(cited_urls, tool_markup)))) as claimed,
        list_distinct(flatten(list(list_transform(scripts, lambda one: one.script)))) as scripts
    from sketched_rows
    where len(cited_urls) > 0 or tool_markup is not null or len(scripts) > 0
    group by part, trajectory_id
),

-- an address has several spellings: %E4%BA%AC is 京, and text that follows without a space may not belong to it
spellings as (
    select
        part,
        trajectory_id,
        scripts,
        flatten(list_transform(claimed, lambda claim: list_transform(
            case
                when not contains(claim, '://') or (strlen(claim) = length(claim) and not contains(claim, '%')) then [claim]
                else list_distinct([
                    claim,
                    coalesce(try(url_decode(claim)), claim),
                    array_to_string(list_transform(
                        string_split(claim, ''), lambda letter: case when letter > '~' then url_encode(letter) else letter end
                    ), ''),
                    coalesce(nullif(regexp_extract(claim, '^([!-~]*[0-9A-Za-z])[^!-~]', 1), ''), claim)
                ])
            end,
            lambda spelling: {claim: claim, spelling: spelling}
        ))) as claimed
    from claims
),

texts_read as (
    select
        turn_part.part,
        turn_part.row,
        turn_part.content,
        turn_part.observation,
        turn_part.url,
        spellings.claimed,
        spellings.scripts,
        concat_ws(' ', turn_part.content, turn_part.observation) as text
    from turn_part
    join spellings using (part, trajectory_id)
    where turn_part.role <> 'assistant'
),

found as (
    select
        part,
        row,
        list_sort(list_concat(
            list_distinct(list_transform(
                list_filter(claimed, lambda one:
                    contains(observation, one.spelling) or contains(content, one.spelling) or contains(url, one.spelling)
                ),
                lambda one: one.claim
            )),
            case when strlen(text) > length(text) then list_filter(scripts, lambda script: regexp_matches(
                text,
                case script
                    when 'han' then '[\p{Han}\p{Hiragana}\p{Katakana}]'
                    when 'hangul' then '\p{Hangul}'
                    when 'cyrillic' then '\p{Cyrillic}'
                    when 'arabic' then '\p{Arabic}'
                    when 'hebrew' then '\p{Hebrew}'
                    when 'thai' then '\p{Thai}'
                    else '\p{Devanagari}'
                end
            )) end
        )) as supported_claims
    from texts_read
)

select part, row, supported_claims
from found
where len(supported_claims) > 0
