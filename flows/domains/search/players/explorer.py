"""The explorer: knows the question and the tools. It searches what the question quotes, and reads what it finds.

It computes nothing, so it fails; its play shows how much there is to read for a reader who knows no address.
"""

import re

from flows.domains.contract import Play
from flows.domains.search.players.reading import call, hits, parts
from schemas.task import Hidden, Task

QUOTED = re.compile(r"“([^”]+)”|\"([^\"]+)\"")
MOST_READS = 60
ANSWER = "I have read what I found and could not decide it."


def explore(task: Task, hidden: Hidden | None) -> Play:
    """Searches each quoted text, then opens every part of every hit, until it has read enough."""
    quoted = [one or other for one, other in QUOTED.findall(task.instruction)]
    found = dict[str, str]()
    for words in dict.fromkeys([*quoted, task.instruction[:200]]):
        answer = yield from call("search", query=words)
        found |= {url: title for title, url in hits(answer.text)}
    reads = 0
    for url in found:
        n_parts = page = 1
        while page <= n_parts and reads < MOST_READS:
            answer = yield from call("open", url=url, page=page)
            n_parts, page, reads = parts(answer.text), page + 1, reads + 1
    return ANSWER
