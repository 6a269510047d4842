"""The kinds of batches, one module each with its SQL for the truth."""

from flows.domains.general_agentic.batch.scenarios.access import ACCESS
from flows.domains.general_agentic.batch.scenarios.appointments import APPOINTMENTS
from flows.domains.general_agentic.batch.scenarios.expenses import EXPENSES
from flows.domains.general_agentic.batch.scenarios.releases import RELEASES
from flows.domains.general_agentic.batch.scenarios.returns import RETURNS

SCENARIOS = (RETURNS, EXPENSES, RELEASES, ACCESS, APPOINTMENTS)

__all__ = ["SCENARIOS"]
