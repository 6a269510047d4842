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

shown as (
    select
        turn_part.part,
        turn_part.row,
        turn_part.content,
        turn_part.observation,
        turn_part.url,
        claims.written,
        claims.scripts,
        concat_ws(' ', turn_part.content, turn_part.observation) as text
    from turn_part
    join claims using (part, trajectory_id)
    where turn_part.role <> 'assistant'
),

found as (
    select
        part,
        row,
        list_concat(
            list_filter(written, lambda claim: contains(observation, claim) or contains(content, claim) or contains(url, claim)),
            case when strlen(text) > length(text) then list_filter(scripts, lambda script: regexp_matches(
                text,
                case script
                    when 'han' then '[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]'
                    when 'cyrillic' then '\p{Cyrillic}'
                    else '\p{Arabic}'
                end
            )) end
        ) as bears_out
    from shown
)

select part, row, bears_out
from found
where len(bears_out) > 0
