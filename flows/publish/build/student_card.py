"""The section of the dataset card on the student's tokens: segments, and rows that its template cannot write."""

from schemas import Manifest

REASONS = {
    "template_refused": "its chat template raises an error on the conversation",
    "reasoning_lost": "its chat template leaves out the reasoning of a turn even where that turn is the last",
    "text_lost": "its chat template changes the words of a turn",
    "wrong_mask": "the renderer marks tokens as the agent's that are not",
}


def student_section(manifest: Manifest) -> list[str]:
    """The heading and the text; empty without a student."""
    student = manifest.student
    if not student:
        return []
    return [
        "## Student tokens",
        f"`student_token_ids` are in the vocabulary of `{student.tokenizer}`, written as its chat template does "
        f"({student.renderer}). Train on those where `student_loss_mask` is true.",
        *_segments(manifest),
        *_unrendered(manifest),
    ]


def _segments(manifest: Manifest) -> list[str]:
    conversations = manifest.segments or manifest.n_trajectories
    if manifest.rows == conversations:
        return []
    what = "context segments" if manifest.segments else "trajectories"
    one = "context segment" if manifest.segments else "trajectory"
    return [
        f"{conversations:,} {what} take up {manifest.rows:,} rows: this template rewrites earlier "
        f"turns, such as by dropping their reasoning at a later user message, so that a {one} has one row per "
        "segment (`student_segment` of `student_segments`, in order). Each turn of the agent is "
        "trained in one row, `student_trained`, which holds what the student reads when it writes that turn; "
        "`student_dropped` lists the messages whose reasoning is left out there. The teacher's ids are in the "
        f"last row of a {one}."
    ]


def _unrendered(manifest: Manifest) -> list[str]:
    if not manifest.unrendered:
        return []
    lines = [f"| {reason} | {count:,} | {REASONS[reason]} |" for reason, count in manifest.unrendered.items()]
    return [
        "Trajectories without student tokens, with the reason in `student_fault`:",
        "\n".join(["| reason | trajectories | meaning |", "| --- | --- | --- |", *lines]),
    ]
