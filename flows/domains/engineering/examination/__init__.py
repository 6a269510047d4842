"""The hardened verdict of engineering tasks."""

from flows.domains.engineering.examination.calibration import RUNS, judged_right
from flows.domains.engineering.examination.examiner import Examination, examine
from flows.domains.engineering.examination.protected import is_protected

__all__ = ["RUNS", "Examination", "examine", "is_protected", "judged_right"]
