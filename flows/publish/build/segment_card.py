"""The section of the dataset card on context segments and children, for releases that hold some.

A trainer that takes each row as a conversation of its own needs no more than the loss mask. Whoever counts
trajectories, or reads one whole, learns here how its rows belong together.
"""

from schemas import Manifest, arrow_schema
from schemas.shard import SegmentColumns


def segment_section(manifest: Manifest) -> list[str]:
    """The heading and the text; empty if each trajectory has one segment and none is a child."""
    text = [*_segments(manifest), *_children(manifest)]
    return ["## Segments and children", *text] if text else []


def segment_columns(manifest: Manifest) -> list[tuple[str, str, str]]:
    """Name, type and description of the columns that such releases have in addition."""
    if not manifest.segments and not manifest.children:
        return []
    fields = list(arrow_schema(SegmentColumns))
    return [(field.name, str(field.type), field.metadata[b"description"].decode()) for field in fields]


def _segments(manifest: Manifest) -> list[str]:
    if not manifest.segments:
        return []
    return [
        f"{manifest.n_trajectories:,} trajectories consist of {manifest.segments:,} context segments (`segment` of "
        "`n_segments`): an attempt longer than the teacher's window was compacted, once or several times. A later "
        "segment opens with the system prompt, the task with the agent's notes and its own digest of what came before, "
        "and a verbatim copy of the last turns (`copied`), whose tokens are masked: over the segments of a trajectory "
        "each sampled token is trained once. `token_ids` of a row are what the teacher read in that segment. The rows "
        "of a trajectory are adjacent, in order; their scalar columns but `n_tokens` are those of the whole "
        "trajectory."
    ]


def _children(manifest: Manifest) -> list[str]:
    if not manifest.children:
        return []
    return [
        f"{manifest.children:,} of the trajectories are children: a tool call of another trajectory (`parent_id`, "
        "`parent_call_id`) delegated them, and its result is their answer. A child has the task, the sample number and "
        "the split of its parent, and is released only with it; verdicts on the answer to the task are the parent's."
    ]
