-- one row per turn that the agent read and that supports its claims: cited addresses and tool markup that it holds
with claims as (
    select
        part,
        trajectory_id,
        list_distinct(flatten(list(list_append(cited_urls, tool_markup)))) as claimed
    from sketched_rows
    where len(cited_urls) > 0 or tool_markup is not null
    group by part, trajectory_id
),

-- an address has several spellings: %E4%BA%AC is 京, and text that follows without a space may not belong to it
spellings as (
    select
        part,
        trajectory_id,
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
        spellings.claimed
    from turn_part
    join spellings using (part, trajectory_id)
    where turn_part.role <> 'assistant'
),

found as (
    select
        part,
        row,
        list_sort(list_distinct(list_transform(
            list_filter(claimed, lambda one:
                contains(observation, one.spelling) or contains(content, one.spelling) or contains(url, one.spelling)
            ),
            lambda one: one.claim
        ))) as supported_claims
    from texts_read
)

select part, row, supported_claims
from found
where len(supported_claims) > 0
