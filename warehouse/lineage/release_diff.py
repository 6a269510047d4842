"""Compares the manifests of two releases: gates, settings, teachers, students, benchmarks and code.

Rows alone do not show every difference: an added student tokenizer, for one, adds columns and changes no row.
"""

from collections.abc import Mapping

from schemas import Manifest

Entries = Mapping[str, object]
"""Name of an entry -> the value by which it is compared."""


def manifest_changes(before: Manifest, after: Manifest) -> list[str]:
    """One line per gate, setting, teacher, student or benchmark that was added, removed or changed, and per version."""
    old, new = _entries(before), _entries(after)
    lines = [line for kind, entries in old.items() for line in _differences(kind, entries, new[kind])]
    for name, earlier, later in (
        ("code", before.code_version, after.code_version),
        ("writer", before.writer, after.writer),
    ):
        if earlier != later:
            lines.append(f"{name}: {earlier or 'unknown'} -> {later or 'unknown'}")
    return lines


def _entries(manifest: Manifest) -> dict[str, Entries]:
    """The entries of a manifest by kind."""
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


def _differences(kind: str, before: Entries, after: Entries) -> list[str]:
    return [
        *(f"{kind}: {name} is gone" for name in sorted(before.keys() - after.keys())),
        *(f"{kind}: {name} is new" for name in sorted(after.keys() - before.keys())),
        *(f"{kind}: {name} changed" for name in sorted(before.keys() & after.keys()) if before[name] != after[name]),
    ]
