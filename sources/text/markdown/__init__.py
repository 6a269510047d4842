"""HTML as Markdown, by one walk over the parsed tree: headings, lists, tables, code, links, formulas, footnotes."""
