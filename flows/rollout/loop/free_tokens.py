"""The tokens that an attempt may still use: of its budget over all segments, and of the window in the current one."""

from flows.rollout.loop.acts import Brief
from flows.rollout.loop.episode import Episode
from schemas.trajectory import Status


def cap_status(brief: Brief, episode: Episode) -> Status:
    """The status of an attempt that a limit ends now."""
    return "turn_cap" if episode.assistant_turns >= brief.max_turns else "context_cap"


def completion_tokens(brief: Brief, episode: Episode) -> int:
    """Tokens that the next turn may have: all that are left for an answer or digest, else less a reserve for one."""
    is_last = episode.forced_status or episode.digest_due
    return free_tokens(brief, episode, len(episode.cue)) - (0 if is_last else brief.reserve)


def free_tokens(brief: Brief, episode: Episode, added: int) -> int:
    """Tokens that are left after `added` more."""
    return min(brief.max_tokens - episode.spent_tokens, brief.window - episode.n_tokens) - added


def is_over_limit(brief: Brief, episode: Episode, added: int) -> bool:
    """True if the context has to be compacted after `added` more tokens."""
    return brief.compaction is not None and episode.n_tokens + added > brief.compaction.limit


def may_compact(brief: Brief, episode: Episode) -> bool:
    """True if the budget of the attempt allows another segment: turns and tokens beyond those of its opening."""
    if brief.compaction is None or episode.assistant_turns + 1 >= brief.max_turns:
        return False
    return brief.max_tokens - episode.spent_tokens > 4 * brief.reserve
