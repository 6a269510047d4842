"""`python -m tests.benchmarks [--smoke] [NAME ...]`: runs benchmarks and prints one line of JSON per figure.

Without a name all of them run; a name is that of a package (`rollout`) or of one benchmark (`rollout.turns`).
"""

import argparse
import sys

from tests.benchmarks.runner import find, run


def main(words: list[str]) -> int:
    """Run the named benchmarks; returns the exit status, 1 if one of them failed."""
    parser = argparse.ArgumentParser("python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="a benchmark, or a package of them; default: all")
    parser.add_argument("--smoke", action="store_true", help="inputs so small that all of it takes minutes")
    chosen = parser.parse_args(words)
    try:
        found = find(chosen.names)
    except LookupError as unknown:
        parser.error(str(unknown))
    return int(run(found, "smoke" if chosen.smoke else "full") > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
