"""Programs that run inside a sandbox: they import nothing of the factory, since only this folder is mounted there."""
