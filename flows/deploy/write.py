"""Writes the files of one kind of installation into the home: all of them or none, each whole by rename."""

from pathlib import Path

from flows.deploy.installation import DeployError, Installation, factory_command, prefect_version, source_folder
from flows.deploy.render import compose_value, render, unit_command, unit_line, unit_word, yaml_value
from warehouse.console.progress import write_atomic

SECRETS = "factory.env"
OWNER_ONLY = 0o600
READABLE = 0o644


def systemd(place: Installation, user: str | None, host: str, port: int) -> dict[Path, str]:
    """Path -> text of the unit, one per home. `user` runs it; None is the home's owner."""
    values = {
        "description": unit_line(place.description),
        "user": unit_line(user or place.owner),
        "folder_line": unit_line(str(place.folder)),
        "secrets_line": unit_line(str(place.home / SECRETS)),
        "home": unit_word(str(place.home)),
        "factory": unit_command(str(factory_command())),
        "host": unit_command(host),
        "port": str(port),
    }
    return {place.home / f"horizon-factory-{place.deployment}.service": render("factory.service", values)}


def compose(place: Installation, source: Path | None, port: int) -> dict[Path, str]:
    """Path -> text of the compose file and of its image's Dockerfile, which is built from `source`, a checkout.

    Creates the folder of releases: a container cannot mount a folder that does not exist.
    """
    owner = place.home.stat()
    for folder in place.mounts:
        folder.mkdir(parents=True, exist_ok=True)
    values = {
        "project": compose_value(f"horizon-factory-{place.deployment}"),
        "image": compose_value(f"horizon-factory-{place.deployment}"),
        "source": compose_value(str(source_folder(source))),
        "dockerfile": compose_value(str(place.home / "Dockerfile")),
        "published": compose_value(f"127.0.0.1:{port}:4200"),
        "user": compose_value(f"{owner.st_uid}:{owner.st_gid}"),
        "folder": compose_value(str(place.folder)),
        "mounts": "\n".join(_mount(folder) for folder in place.mounts),
    }
    return {
        place.home / "compose.yaml": render("compose.yaml", values),
        place.home / "Dockerfile": render("Dockerfile", {}),
        place.home / "Dockerfile.dockerignore": render("Dockerfile.dockerignore", {}),
    }


def _mount(folder: Path) -> str:
    """A folder at the same path inside the container, so that the paths of the settings stay valid."""
    path = compose_value(str(folder))
    return f"      - {{type: bind, source: {path}, target: {path}}}"


def prefect(place: Installation, pool: str) -> dict[Path, str]:
    """Path -> text of prefect.yaml, with one deployment in the process work pool `pool`."""
    values = {
        "prefect_version": prefect_version(),
        "deployment": place.deployment,
        "description": place.description,
        "home": str(place.home),
        "folder": str(place.folder),
        "cron": place.cron,
        "timezone": place.timezone,
        "pool": pool,
    }
    quoted = {name: yaml_value(value) for name, value in values.items()}
    return {place.home / "prefect.yaml": render("prefect.yaml", quoted)}


def write(texts: dict[Path, str], *, force: bool) -> None:
    """Write the files; raises DeployError before the first one if one of them exists and `force` is not set."""
    existing = [str(path) for path in texts if path.exists()]
    if existing and not force:
        raise DeployError(f"{' and '.join(existing)} already exist; --force replaces them.")
    for path, text in texts.items():
        write_atomic(path, text)
        path.chmod(READABLE)


def write_secrets_file(place: Installation) -> Path:
    """The file for secrets, created empty for its owner only; an existing one is never touched, not even by --force."""
    path = place.home / SECRETS
    if not path.exists():
        write_atomic(path, render(SECRETS, {}))
        path.chmod(OWNER_ONLY)
    return path
