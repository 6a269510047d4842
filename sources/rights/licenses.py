"""Names of licenses: addresses and usual names become SPDX ids, so that `CC BY-SA 4.0` and its address are one license.

A license that the tables do not know keeps its own name or address, which settings can match as well.
"""

import re

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

MAX_CHARS = 300

_CREATIVE_COMMONS = re.compile(
    r"creativecommons\.org/(?:licenses/([a-z+-]+)|publicdomain/(zero|mark))/(\d\.\d)(?:/([a-z]{2,3})\b)?"
)
_NAMED_CC = re.compile(
    r"(?:\bcc|creative\s+commons)[\s,:-]*((?:(?:by|attribution|nc|non-?commercial|sa|share-?alike|nd|no-?deriv(?:ative)?s?)"
    r"(?:[\s,/-]+|\b))+)(?:licen[cs]e|international|unported|generic|public|version|v|[\s,/()-])*(\d\.\d)",
    re.IGNORECASE,
)
_PARTS = (("NC", r"nc|non-?commercial"), ("ND", r"nd|no-?deriv"), ("SA", r"sa\b|share-?alike"))
_PORTS = {
    "CC-BY-3.0": "AT AU DE IGO NL US", "CC-BY-2.5": "AU", "CC-BY-SA-3.0": "AT DE IGO", "CC-BY-SA-2.0": "UK",
    "CC-BY-SA-2.1": "JP", "CC-BY-ND-3.0": "DE", "CC-BY-NC-3.0": "DE", "CC-BY-NC-ND-3.0": "DE IGO",
    "CC-BY-NC-SA-3.0": "DE IGO", "CC-BY-NC-SA-2.0": "DE FR UK",
}  # fmt: skip
"""License -> the countries whose version of it has an SPDX id of its own."""
_ADDRESSES = {
    r"opensource\.org/licen[cs]es?/([a-z0-9.-]+?)(?:\.(?:php|html))?/?$": "",
    r"spdx\.org/licenses/([a-z0-9.+-]+?)(?:\.(?:html|json|txt))?$": "",
    r"choosealicense\.com/licenses/([a-z0-9.-]+)/?$": "",
    r"apache\.org/licenses/license-2\.0": "Apache-2.0",
    r"gnu\.org/(?:licenses|copyleft)/(?:old-licenses/)?(agpl|lgpl|gpl|fdl)-?(\d\.\d)": "GNU",
    r"mozilla\.org/(?:en-us/)?mpl/2\.0": "MPL-2.0",
    r"docs\.python\.org/[^ ]*license": "PSF-2.0",
    r"unlicense\.org": "Unlicense",
    r"boost\.org/license_1_0": "BSL-1.0",
    r"opendatacommons\.org/licenses/odbl": "ODbL-1.0",
    r"opendatacommons\.org/licenses/by\b": "ODC-By-1.0",
    r"opendatacommons\.org/licenses/pddl": "PDDL-1.0",
    r"nationalarchives\.gov\.uk/doc/open-government-licence/version/([123])": "OGL-UK-{}.0",
    r"etalab\.gouv\.fr/.*(?:licence-ouverte|open-licen[cs]e)": "etalab-2.0",
    r"govdata\.de/dl-de/by-2-0": "DL-DE-BY-2.0",
    r"govdata\.de/dl-de/zero-2-0": "DL-DE-ZERO-2.0",
    r"eupl\.eu/1\.2|joinup\.ec\.europa\.eu/.*eupl.*1\.?2": "EUPL-1.2",
}
"""Expression over an address, without scheme and in lower case -> its SPDX id; empty: the first group is the id."""
_NAMES = {
    r"\bcc[ -]?0\b|creative commons zero": "CC0-1.0",
    r"public domain mark": "CC-PDM-1.0",
    r"\bmit(?: |-)licen[cs]e\b|\bexpat licen[cs]e\b": "MIT",
    r"\bapache(?: software)?(?: licen[cs]e)?,?(?: version| v\.?)? ?2(?:\.0)?\b": "Apache-2.0",
    r"gnu free documentation licen[cs]e,? (?:version |v)?(1\.[123])": "GFDL-{}-only",
    r"\bbsd[ -]3[ -]clause": "BSD-3-Clause",
    r"\bbsd[ -]2[ -]clause": "BSD-2-Clause",
    r"\bmozilla public licen[cs]e,?(?: version| v\.?)? ?2\.0": "MPL-2.0",
    r"open government licen[cs]e v(?:ersion )?([123])\.0": "OGL-UK-{}.0",
    r"python software foundation licen[cs]e": "PSF-2.0",
}
"""Expression over a license's name, in lower case -> its SPDX id."""
_GNU = {"agpl": "AGPL", "lgpl": "LGPL", "gpl": "GPL", "fdl": "GFDL"}


def license_name(text: str) -> str:
    """The SPDX id of a license given as an address, an id or a name; the text itself, in one line, if it is unknown."""
    line = " ".join(text.split())[:MAX_CHARS]
    return known_license(line) or line


def known_license(text: str) -> str | None:
    """The SPDX id or expression of a license; None if the text names none that is known."""
    line = " ".join(text.split())[:MAX_CHARS]
    try:
        return str(canonicalize_license_expression(line))
    except (InvalidLicenseExpression, RecursionError):
        return _of_address(line.lower()) or _of_name(line.lower())


def _of_address(line: str) -> str | None:
    if found := _CREATIVE_COMMONS.search(line):
        return _creative_commons(*found.groups())
    for pattern, spdx in _ADDRESSES.items():
        if found := re.search(pattern, line):
            return _filled(spdx, found)
    return None


def _creative_commons(code: str | None, domain: str | None, version: str, country: str | None) -> str | None:
    if domain:
        return "CC0-1.0" if domain == "zero" else "CC-PDM-1.0"
    plain = f"CC-{(code or '').upper()}-{version}"
    port = (country or "").upper()
    return _checked(f"{plain}-{port}" if port in _PORTS.get(plain, "").split() else plain)


def _filled(spdx: str, found: re.Match[str]) -> str | None:
    if spdx == "GNU":
        return _checked(f"{_GNU[found[1]]}-{found[2]}-only")
    return spdx.format(*found.groups()) if spdx else _checked(found[1])


def _of_name(line: str) -> str | None:
    if found := _NAMED_CC.search(line):
        codes = [code for code, pattern in _PARTS if re.search(rf"(?<![a-z])(?:{pattern})", found[1])]
        return _checked("-".join(["CC-BY", *codes, found[2]]))
    for pattern, spdx in _NAMES.items():
        if found := re.search(pattern, line):
            return spdx.format(*found.groups())
    return None


def _checked(spdx: str) -> str | None:
    try:
        return str(canonicalize_license_expression(spdx))
    except InvalidLicenseExpression:
        return None
