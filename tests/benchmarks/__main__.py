"""`python -m tests.benchmarks [NAME ...]`: runs the benchmarks and prints one line of JSON per figure.

A benchmark is a module beside this one with a function `figures() -> Iterator[Figure]`, or a package of such
modules, which runs them all; `PACKAGE.MODULE` runs one of them.
"""

import importlib
import pkgutil
import sys

from tests import benchmarks

NOT_BENCHMARKS = {"__main__", "figure"}


def main(names: list[str]) -> None:
    known = [module.name for module in pkgutil.iter_modules(benchmarks.__path__) if module.name not in NOT_BENCHMARKS]
    unknown = [name for name in names if name.split(".")[0] not in known]
    if unknown:
        sys.exit(f"no benchmark named {', '.join(unknown)}; there are: {', '.join(known)}")
    for name in names or known:
        for figure in importlib.import_module(f"tests.benchmarks.{name}").figures():
            print(figure.line(), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
