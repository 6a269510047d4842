"""Damages one file of a home as disks, people and programs do; every choice follows from the dice."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

Damage = Callable[[Path, random.Random], None]


def truncate(path: Path, dice: random.Random) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: dice.randrange(1, max(2, len(content)))])


def empty(path: Path, dice: random.Random) -> None:
    path.write_bytes(b"")


def zero_a_range(path: Path, dice: random.Random) -> None:
    content = bytearray(path.read_bytes())
    start, size = dice.randrange(len(content)), dice.choice([1, 16, 512])
    content[start : start + size] = bytes(len(content[start : start + size]))
    path.write_bytes(content)


def zero_the_end(path: Path, dice: random.Random) -> None:
    content = bytearray(path.read_bytes())
    start = max(0, len(content) - dice.randrange(9, 500))
    content[start : start + 20] = bytes(len(content[start : start + 20]))
    path.write_bytes(content)


def flip_bits(path: Path, dice: random.Random) -> None:
    content = bytearray(path.read_bytes())
    for _ in range(dice.choice([1, 1, 8])):
        content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
    path.write_bytes(content)


def put_text(path: Path, dice: random.Random) -> None:
    path.write_text(dice.choice(["not Parquet\n", "a,b\n1,2\n", '{"a": 1}\n', "PAR1"]))


def put_another_file(path: Path, dice: random.Random) -> None:
    others = sorted(other for other in path.parents[2].rglob("*.parquet") if other.is_file() and other != path)
    path.write_bytes(dice.choice(others).read_bytes() if others else b"PAR1PAR1PAR1")


def put_a_folder(path: Path, dice: random.Random) -> None:
    path.unlink()
    path.mkdir()


def break_a_link(path: Path, dice: random.Random) -> None:
    path.unlink()
    path.symlink_to("/nowhere/at-all")


def remove(path: Path, dice: random.Random) -> None:
    path.unlink()


def rename(path: Path, dice: random.Random) -> None:
    path.rename(_free_name(path, dice))


def copy(path: Path, dice: random.Random) -> None:
    shutil.copy(path, _free_name(path, dice))


def swap(path: Path, dice: random.Random) -> None:
    """Swap the contents of two files of neighbouring folders."""
    others = sorted(one for one in path.parents[1].glob("*/*") if one.is_file() and one.suffix == path.suffix) or [path]
    other, content = dice.choice(others), path.read_bytes()
    path.write_bytes(other.read_bytes())
    other.write_bytes(content)


def leave_a_temporary_file(path: Path, dice: random.Random) -> None:
    (path.parent / f".{path.name}.999999-1.tmp").write_bytes(path.read_bytes()[:100])


DAMAGES: tuple[Damage, ...] = (
    truncate, empty, zero_a_range, zero_the_end, flip_bits, put_text, put_another_file, put_a_folder, break_a_link,
    remove, rename, copy, swap, leave_a_temporary_file,
)  # fmt: skip


def _free_name(path: Path, dice: random.Random) -> Path:
    """A name as of a later part of the same writer."""
    return path.with_name(f"{path.stem[:-2]}{dice.randrange(50, 99)}{path.suffix}")
