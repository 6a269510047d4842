"""Reads what a site states for all its pages before the first of them is fetched: robots.txt and tdmrep.json."""

from sources.http.fetch import ANY_TYPE, Client
from sources.http.robots import RobotsRules
from sources.rights.declarations import SiteRights
from sources.rights.tdm import TDM_FILE, TdmFile, read_tdm_file
from sources.status_codes import Status

MAX_HOPS = 5


async def fetch_site_rights(client: Client, origin: str, rules: RobotsRules, *, reservations: bool) -> SiteRights:
    """Return the site's statements; `reservations`: fetch its tdmrep.json, unless robots.txt forbids that.

    A file that cannot be read states nothing, as TDMRep defines it. Redirects are followed.
    """
    site = SiteRights(rules.agent, rules.preferences)
    if not reservations or rules.refusal(f"{origin}{TDM_FILE}"):
        return site
    return SiteRights(rules.agent, rules.preferences, await _fetch_reservations(client, f"{origin}{TDM_FILE}"))


async def _fetch_reservations(client: Client, url: str) -> TdmFile:
    for _ in range(MAX_HOPS + 1):
        result = await client.get(url, types=ANY_TYPE)
        if result.status != Status.REDIRECTED or result.location is None:
            break
        url = result.location
    return read_tdm_file(result.body) if result.status == Status.OK else TdmFile()
