"""Office services: mail, shop, tickets and others over one in-memory database per attempt, for domains with state."""

from flows.environments.services.environment import SERVICES, Services

__all__ = ["SERVICES", "Services"]
