"""Settings of retention: limits of data that no existing release needs, and of indexes that can be made again."""

from pydantic import Field

from flows.settings.section import Section


class Retention(Section):
    """Old data that the end of each night, and `factory lake prune`, remove."""

    libraries: int = Field(
        default=2, ge=1, description="search indexes of pages kept, newest first; an older one is built again on demand"
    )
    releases: int | None = Field(
        default=None,
        ge=1,
        description="releases kept in the local folder of publish.to, newest first; not set: all. Releases in a bucket "
        "or on the Hub are never removed",
    )
    raw_days: int | None = Field(
        default=None,
        ge=1,
        description="days that raw responses are kept which no page that is held and no existing release needs; not "
        "set: for ever",
    )
    rehearsal_days: int | None = Field(
        default=None, ge=1, description="days that a rehearsal's home is kept after its last change; not set: for ever"
    )
    log_days: int | None = Field(
        default=None, ge=1, description="days that a server's log is kept after its last line; not set: for ever"
    )
    prefect_days: int = Field(
        default=90, ge=1, description="days that the Prefect server of `factory serve` keeps runs that ended, with logs"
    )
