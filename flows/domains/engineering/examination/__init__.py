"""The hardened verdict of engineering tasks."""

from flows.domains.engineering.examination.examiner import Examination, examine
from flows.domains.engineering.examination.protected import is_protected

__all__ = ["Examination", "examine", "is_protected"]
