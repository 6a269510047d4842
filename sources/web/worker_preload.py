"""Loads code and patterns in the process that workers are forked from, once instead of in every worker.

A worker would take 0.7 s of CPU time to import the code and 0.4 s to load the patterns, and one that replaces another
after a hostile page would, too; on a busy machine that is half of what a page may take.
"""

import gc
from contextlib import suppress

from sources.languages import identifier
from sources.privacy.redaction import find
from sources.web import page_work

__all__ = ["page_work"]

with suppress(Exception):  # the first page that needs one of them has the error, with its message
    find("")
    identifier()

gc.freeze()  # the collector of a worker looks at its pages only, not at all that is loaded here
