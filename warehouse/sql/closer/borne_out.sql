-- one row a turn that holds what the agent claims elsewhere in its trajectory: cited addresses, markup, names of scripts
with claims as (
    select
        part,
        trajectory_id,
        list_distinct(flatten(list(list_append(cited, markup)))) as written,
        list_distinct(flatten(list(list_transform(scripts, lambda one: one.script)))) as scripts
    from told
    where len(cited) > 0 or markup is not null or len(scripts) > 0
    group by part, trajectory_id
),

-- an address may be written in other ways: %E4%BA%AC is 京, and where no space ends it, what follows may be no part of it
worded as (
    select
        part,
        trajectory_id,
        scripts,
        flatten(list_transform(written, lambda claim: list_transform(
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
            lambda wording: {claim: claim, wording: wording}
        ))) as written
    from claims
),

shown as (
    select
        turn_part.part,
        turn_part.row,
        turn_part.content,
        turn_part.observation,
        turn_part.url,
        worded.written,
        worded.scripts,
        concat_ws(' ', turn_part.content, turn_part.observation) as text
    from turn_part
    join worded using (part, trajectory_id)
    where turn_part.role <> 'assistant'
),

found as (
    select
        part,
        row,
        list_sort(list_concat(
            list_distinct(list_transform(
                list_filter(written, lambda one:
                    contains(observation, one.wording) or contains(content, one.wording) or contains(url, one.wording)
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
        )) as bears_out
    from shown
)

select part, row, bears_out
from found
where len(bears_out) > 0
