"""What made two releases differ, beside their rows: a line for each thing that is new, gone or another.

A student that was added changes no row, but every row's columns: whoever compares two releases must see it.
"""

from collections.abc import Mapping

from schemas import Manifest

Things = Mapping[str, object]


def changed(before: Manifest, after: Manifest) -> list[str]:
    """A line for each gate, setting, teacher, student or benchmark that came, went or changed, and for other code."""
    said = []
    old, new = _made_by(before), _made_by(after)
    for what, one in old.items():
        said += _differing(what, one, new[what])
    for what, past, now in (
        ("code", before.code_version, after.code_version),
        ("writer", before.writer, after.writer),
    ):
        if past != now:
            said.append(f"{what}: {past or 'unknown'} -> {now or 'unknown'}")
    return said


def _made_by(manifest: Manifest) -> dict[str, Things]:
    """What the release was made by and checked against: kind -> name -> all that tells it from another."""
    student = manifest.student
    return {
        "gates": manifest.gates,
        "settings": manifest.settings,
        "student": {student.tokenizer: student} if student else {},
        "teachers": {
            " ".join(filter(None, (one.teacher_model, one.teacher_revision))): one for one in manifest.teachers
        },
        "benchmarks": {f"{one.name} ({one.file})": (one.sha256, one.columns) for one in manifest.benchmarks},
    }


def _differing(what: str, one: Things, other: Things) -> list[str]:
    return [
        *(f"{what}: {name} is gone" for name in sorted(one.keys() - other.keys())),
        *(f"{what}: {name} is new" for name in sorted(other.keys() - one.keys())),
        *(f"{what}: {name} changed" for name in sorted(one.keys() & other.keys()) if one[name] != other[name]),
    ]
