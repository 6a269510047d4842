"""Tabs: which name belongs to which panel, so that each panel is read below its own name.

A page has the names in one list and the panels behind it. Read in that order, a list of three systems is followed by
three commands, and no reader knows which is whose.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

MAX_ABOVE = 3
"""Elements around a list of tabs in which its panels may be."""
MAX_NAME_CHARS = 120
MAX_GROUPS = 100
"""Lists of tabs, or panels of one, that are read, so that hostile pages cost little."""

_PANEL_TAGS = frozenset(("div", "section", "pre"))
_Group = tuple[LexborNode, list[LexborNode], list[LexborNode]]
"""a list of tabs, its tabs, and their panels"""


@dataclass(frozen=True)
class Tabs:
    """Names of panels by the `mem_id` of the panel, and the lists that they come from."""

    names: dict[int, str]
    lists: frozenset[int]


def tabs_of(tree: LexborHTMLParser, html: str) -> Tabs:
    """The panels of a page: of elements with the roles of tabs, and of radio buttons whose labels are the tabs."""
    names, lists = dict[int, str](), set[int]()
    by_role = _groups_by_role(tree) if "tablist" in html else ()
    for group, tabs, panels in (*by_role, *(_groups_of_labels(tree) if "<label" in html else ())):
        words = [" ".join(tab.text().split())[:MAX_NAME_CHARS] for tab in tabs]
        keys = [panel.mem_id for panel in panels]
        if len(tabs) == len(set(keys)) and all(words) and not names.keys() & keys:
            names |= zip(keys, words, strict=True)
            lists.add(group.mem_id)
    return Tabs(names, frozenset(lists))


def _groups_by_role(tree: LexborHTMLParser) -> Iterator[_Group]:
    """Lists with the role of one; their panels are those that the tabs name, or as many in their order."""
    by_id = {node.attributes.get("id") or "": node for node in tree.css("[role=tabpanel][id], [id].tab-pane")}
    for group in tree.css("[role=tablist]")[:MAX_GROUPS]:
        tabs = group.css("[role=tab]")
        named = [by_id[target] for tab in tabs if (target := _target(tab)) in by_id]
        yield group, tabs, named if len(named) == len(tabs) else _panels_around(group)


def _target(tab: LexborNode) -> str:
    attributes = tab.attributes
    return attributes.get("aria-controls") or (attributes.get("href") or "").partition("#")[2]


def _panels_around(group: LexborNode) -> list[LexborNode]:
    """The panels of the nearest element around a list of tabs that has any, without those inside of other panels."""
    above = group.parent
    for _ in range(MAX_ABOVE):
        if above is None:
            break
        if panels := above.css("[role=tabpanel]")[:MAX_GROUPS]:
            inner = {node.mem_id for panel in panels for node in panel.css("[role=tabpanel]")[1:]}
            return [panel for panel in panels if panel.mem_id not in inner]
        above = above.parent
    return []


def _groups_of_labels(tree: LexborHTMLParser) -> Iterator[_Group]:
    """Elements of nothing but labels and their buttons, with as many panels in the element behind."""
    around = {node.parent.mem_id: node.parent for node in tree.css("input[type=radio] ~ label[for]") if node.parent}
    around |= {node.mem_id: node for node in tree.css(".tabbed-labels")}
    for group in list(around.values())[:MAX_GROUPS]:
        tabs = [child for child in group.iter() if child.tag != "input"]
        behind = group.next
        while behind is not None and behind.tag in ("-text", "-comment"):
            behind = behind.next
        panels = list(behind.iter()) if behind is not None else []
        if all(tab.tag == "label" for tab in tabs) and all(panel.tag in _PANEL_TAGS for panel in panels):
            yield group, tabs, panels
