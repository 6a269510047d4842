"""Tells a private person's mail address from that of an office, a list, or an author whom git and packages name.

An address in a page is often meant for the public, and hiding it would spoil the page. The domain, the mailbox's
name and the text around the address show which it is.
"""

import re
import tomllib
from importlib.resources import files

from tld import is_tld

OFFICE_WINDOW = 48
"""Characters before an address that may name its office."""
_RESERVED_DOMAIN = re.compile(
    r"(?:^|\.)(?:test|invalid|localhost|local|internal|(?:example|domain|email|test|acme|company|foo|bar|mysite)\.\w+|example)$"
)
MAILBOXES = tomllib.loads(files("sources.privacy").joinpath("mailboxes.toml").read_text("utf-8"))
_ROLE = rf"(?:{'|'.join(MAILBOXES['roles'])})"
_ROLE_NAME = re.compile(_ROLE)
_OFFICE_NAME = re.compile(
    rf"\w+[-._]{_ROLE}(?:[-._]?\d{{1,2}})?|{_ROLE}[-._]\w+"
    r"|\w{3,}(?:office|bookings?|desk|team|service|support|amt|buero|stelle)"
    r"|.*[-_.](?:dev|devel|users?|announce|list|discuss|commits|bugs|maintainers?|team|bot|noreply)|.*\[bot\]"
)
"""Names of an office beside that of its place or subject: `hall.bookings`, `urzad-lipowa`, `tidebook-dev`."""
_ASSOCIATION = re.compile(
    rf"(?:^|[-._]|[a-z]{{3}})(?:{'|'.join(MAILBOXES['associations'])})(?:$|[-._\d])|^(?:sp|zs|zso|gim|lo|ps|ies|ceip|kita|vhs|bs|ms|hs|jhs|gs|rs|gym)\d{{1,3}}$"
)
"""Names of clubs, schools and shops, which have their mailbox on any domain: `ruderclub-mueritz@gmx.de`, `sp7@`."""
_FREE_DOMAINS = frozenset(MAILBOXES["free_domains"])
_STATE = re.compile(r"\.(?:gov|mil|gob|gouv|govt|gub|go)(?:\.\w\w)?$|\.gouv\.fr$|\.bund\.de$|\.europa\.eu$")
"""Domains of states and their offices."""
_LIST_DOMAIN = re.compile(r"(?:^|\.)(?:lists?|mailman|listserv|groups|googlegroups|vger|noreply)\.")
_AUTHOR = re.compile(
    r"(?i:(?:author|committer|maintainer|tagger|contributor|uploader)s?(?:_email|-email)?\W"
    r"|-by:|written by|bugs? to|\bcc:|user\.email|git_\w+_email"
    r"|copyright|mailmap|autor\w*|auteure?s?|verfasser\w*"
    r"|автор\w*|作者|著者|저자|작성자|المؤلف|लेखक|yazar\w*|tác giả|opiekun)"
    r"[^\n{]{0,80}$"
    r"|\b[0-9a-f]{7,40}\b[^\n]{0,80}<$"
    # git shortlog, the changelogs of Debian and RPM, the head of a patch
    r"|(?:^|\n)\s*\d+\t[^\n<]*<$|(?:^|\n) -- [^\n<]*<$|(?:^|\n)\* \w{3} \w{3} +\d+ \d{4} [^\n<]*<$"
    r"|\bFrom [0-9a-f]{40} [^\n]*\nFrom: [^\n<]*<$"
    # manifests: an object or a list of persons over several lines, also in XML and R
    r"|(?i:\b(?:author|maintainer|contributor|developer)s?[\"'\]]?\s*[:=]\s*"
    r"(?:\{[^{}]*|\[[^\]]*|\n(?:\s*[-*] [^\n]*\n)*\s*[-*] [^\n]*))$"
    r"|(?i:<(?:author|maintainer|contributor|developer)>(?:(?!</(?:author|maintainer|contributor|developer)).)*$)|\bperson\([^()]*$",
    re.DOTALL,
)
"""Text before the address of an author, as git and packages publish it."""
_AUTHOR_AFTER = re.compile(
    r"^[>)\]\"'`,;:\s]{0,6}(?:[^\n@.]|\.(?=\w)){0,60}(?i:\b(?:author\w*|committed|commits?|maintain\w*|trailer|co-author\w*"
    r"|package\.json|setup\.(?:cfg|py)|pyproject|cargo\.toml|codeowners|gemspec|mailmap|pom\.xml|changelog)\b)"
)
"""Text after the address of an author: `<ivo@lang.dev> is the author of commit 4be`."""
_CODE_OWNER = re.compile(
    r"\n\s*(?:/\S*|\*\.\w+) +(?:@\S+ +)*$|(?i:codeowners|owns /|owner of /|belongs to )[^\n@]{0,40}$"
)
"""Text before the address of an owner of paths in a repository."""
_OFFICE_OF_MAIL = re.compile(
    rf"(?i:{'|'.join(MAILBOXES['offices'])}|{'|'.join(MAILBOXES['mail_offices'])})\w*[^\n@.;]{{0,32}}$"
)
_USER_OF_URL = re.compile(r"://[^\s/@]*$")


def names_author(before: str, after: str) -> bool:
    """True if an address between these texts is that of an author, as git and packages publish it."""
    return bool(_AUTHOR.search(before) or _AUTHOR_AFTER.search(after) or _CODE_OWNER.search(before))


def is_private_address(secret: str, before: str) -> bool:
    """True if an address can be that of a private person; `before` is the text in front of it."""
    if _USER_OF_URL.search(before):
        return False
    name, _, domain = secret.lower().rpartition("@")
    has_tld = is_tld(domain.rpartition(".")[2]) and not _LIST_DOMAIN.search(domain)
    if not has_tld or _RESERVED_DOMAIN.search(domain) or _is_public(name, domain):
        return False
    return domain.split(".", maxsplit=1)[0] in _FREE_DOMAINS or not _OFFICE_OF_MAIL.search(before[-OFFICE_WINDOW:])


def _is_public(name: str, domain: str) -> bool:
    """True for the mailbox of an office: by its name, or by that of its own domain."""
    if _ROLE_NAME.fullmatch(name):
        return True
    owner = domain.split(".", maxsplit=1)[0]
    if _ASSOCIATION.search(name):
        return True
    is_owner = re.sub(r"\W", "", name) == re.sub(r"\W", "", owner)
    if _STATE.search(domain):
        return True
    return owner not in _FREE_DOMAINS and bool(is_owner or _OFFICE_NAME.fullmatch(name))
