"""Finds domains in three places: packages of `flows.domains`, entry points of other packages, and folders.

A domain of a user's own needs no change of this package. Folders stand in an environment variable, so that worker
processes of a run find the same domains as the run itself.
"""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from pkgutil import iter_modules

from flows.domains.contract import Domain

PACKAGE = "flows.domains"
GROUP = "horizon_factory.domains"
"""Group of the entry points; each has a domain's name and refers to its DOMAIN."""
VARIABLE = "HORIZON_DOMAIN_FOLDERS"
Definition = tuple[str, str, Callable[[], object]]
"""Name of a domain, the place that defines it, and a function that loads its DOMAIN."""


class DomainError(TypeError):
    """A domain cannot be loaded; the message names the place where it is defined and the definition that is needed."""


def use_folders(folders: Sequence[Path]) -> None:
    """Take domains from these folders, in this process and in those that it starts, and from no other folders."""
    os.environ[VARIABLE] = os.pathsep.join(str(folder.absolute()) for folder in folders)


def find_domains(packages: Sequence[str]) -> dict[str, Domain]:
    """All domains by name; `packages` are the paths of `flows.domains`. Raises DomainError."""
    folders = tuple(one for one in os.environ.get(VARIABLE, "").split(os.pathsep) if one)
    return _find(tuple(packages), folders)


@cache
def _find(packages: tuple[str, ...], folders: tuple[str, ...]) -> dict[str, Domain]:
    found = dict(_packaged(packages))
    for name, place, load in (*_entered(), *_in_folders(folders)):
        if name in found:
            raise DomainError(f"{place} defines a second domain named {name!r}: rename one of them")
        found[name] = _checked(load(), name, place)
    return found


def _packaged(packages: Sequence[str]) -> Iterator[tuple[str, Domain]]:
    for name in sorted(module.name for module in iter_modules(packages) if module.ispkg):
        module = import_module(f"{PACKAGE}.{name}")
        yield name, _checked(getattr(module, "DOMAIN", None), name, f"flows/domains/{name}/__init__.py")


def _entered() -> Iterator[Definition]:
    for entry in sorted(entry_points(group=GROUP), key=lambda one: one.name):
        yield entry.name, f"the entry point {entry.name} = {entry.value}", partial(_loaded, entry)


def _loaded(entry: EntryPoint) -> object:
    try:
        return entry.load()
    except Exception as error:
        raise DomainError(f"the entry point {entry.name} = {entry.value} cannot be loaded: {error!r}") from error


def _in_folders(folders: Sequence[str]) -> Iterator[Definition]:
    for folder in map(Path, folders):
        file = folder / "__init__.py"
        yield folder.name, str(file), partial(_imported, folder, file)


def _imported(folder: Path, file: Path) -> object:
    """The DOMAIN of the package in a folder, imported as `flows.domains.NAME`, the name for imports inside it."""
    if not file.is_file():
        raise DomainError(f"tasks.domain_folders: {folder} holds no __init__.py; name the folder of one domain")
    name = f"{PACKAGE}.{folder.name}"
    spec = spec_from_file_location(name, file, submodule_search_locations=[str(folder)])
    if spec is None or spec.loader is None:
        raise DomainError(f"{file} cannot be imported: {folder.name!r} is no name of a module")
    for loaded in [one for one in sys.modules if one.startswith(f"{name}.")]:  # of another folder of this name
        del sys.modules[loaded]
    module = sys.modules[name] = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise DomainError(f"{file} cannot be imported: {error!r}") from error
    return getattr(module, "DOMAIN", None)


def _checked(domain: object, name: str, place: str) -> Domain:
    if not isinstance(domain, Domain) or domain.name != name:
        raise DomainError(f"{place} must define DOMAIN = Domain(name={name!r}, ...)")
    return domain
