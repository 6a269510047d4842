"""The services of an office world, one module per service; tables lie in `sql/`, descriptions in `prompts/`."""
