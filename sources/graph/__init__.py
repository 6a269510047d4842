"""The facts of pages: sections, lists, tables, numbers, dates and names, read from their Markdown by rules."""
