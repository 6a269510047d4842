"""Builds the documentation site: `python -m tests.site FOLDER`."""

import sys
from pathlib import Path

from tests.site.build import BrokenSite, build

if __name__ == "__main__":
    try:
        print(build(Path(sys.argv[1]).resolve()))
    except BrokenSite as broken:
        sys.exit(str(broken))
