"""Files of a real installation: a systemd unit, a compose file, and a Prefect deployment for a work pool."""
