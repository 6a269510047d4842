"""Formulas of a page as TeX, whatever they are written in: MathML, KaTeX, MathJax, images with TeX as their text."""
