"""Formulas: every way to write one gives its TeX, once, where it is on the page."""

import pytest

from tests.sources.text.pages import markdown

TEX = '<annotation encoding="application/x-tex">E=mc^2</annotation>'
MATH = f"<math><semantics><mrow><mi>E</mi></mrow>{TEX}</semantics></math>"


@pytest.mark.parametrize(
    "html",
    [
        '<script type="math/tex">E=mc^2</script>',
        '<span class="MathJax_Preview">E</span><span class="MathJax">E=m</span><script type="math/tex">E=mc^2</script>',
        f'<span class="katex"><span class="katex-mathml">{MATH}</span><span aria-hidden=true>E</span></span>',
        f'<span class="mwe-math-element"><span style="display: none">{MATH}</span><img class="tex" alt="E"></span>',
        '<img class="mwe-math-fallback-image-inline" alt="{\\displaystyle E=mc^2}" src="x.svg">',
        f'<mjx-container class="MathJax"><svg></svg><mjx-assistive-mml>{MATH}</mjx-assistive-mml></mjx-container>',
        '<img class="tex" alt="E=mc^2">',
        MATH,
        "$E=mc^2$",
    ],
)  # fmt: skip
def test_a_formula_in_a_sentence_is_there_once(html: str) -> None:
    """A hole in the sentence, or the formula twice, makes the sentence wrong."""
    assert markdown(f"<p>The relation is {html} for a body.</p>") == "The relation is $E=mc^2$ for a body."


@pytest.mark.parametrize(
    "html",
    [
        '<script type="math/tex; mode=display">E=mc^2</script>',
        f'<span class="katex-display"><span class="katex">{MATH}<span aria-hidden=true>E</span></span></span>',
        MATH.replace("<math>", "<math display=block>"),
    ],
)
def test_a_displayed_formula_is_a_block(html: str) -> None:
    assert markdown(f"<p>It is</p>{html}<p>here.</p>") == "It is\n\n$$E=mc^2$$\n\nhere."


def test_tex_between_delimiters_stays_as_it_is() -> None:
    assert markdown(r"<p>So \(x^2\) and \[y\] and $$z_1$$.</p>") == r"So \(x^2\) and \[y\] and $$z_1$$."


@pytest.mark.parametrize(
    ("mathml", "tex"),
    [
        ("<mfrac><mn>1</mn><mi>x</mi></mfrac>", r"\frac{1}{x}"),
        ("<msup><mi>x</mi><mn>2</mn></msup><mo>+</mo><msub><mi>a</mi><mi>i</mi></msub>", "x^{2}+a_{i}"),
        ("<msqrt><mi>x</mi><mo>+</mo><mn>1</mn></msqrt>", r"\sqrt{x+1}"),
        ("<mroot><mi>x</mi><mn>3</mn></mroot>", r"\sqrt[3]{x}"),
        ("<munderover><mo>∑</mo><mrow><mi>i</mi><mo>=</mo><mn>1</mn></mrow><mi>n</mi></munderover><mi>i</mi>",
         r"\sum_{i=1}^{n}i"),
        ("<mi>α</mi><mo>≤</mo><mi>β</mi>", r"\alpha\leq\beta"),
        ("<mi>α</mi><mi>x</mi>", r"\alpha x"),
        ("<mi>sin</mi><mo>⁡</mo><mi>x</mi>", r"\sin x"),
        ("<mover><mi>x</mi><mo>¯</mo></mover>", r"\overline{x}"),
        ("<mover accent=true><mi>v</mi><mo>→</mo></mover>", r"\vec{v}"),
        ("<mrow><mo>(</mo><mtable><mtr><mtd><mn>1</mn></mtd><mtd><mn>0</mn></mtd></mtr>"
         "<mtr><mtd><mn>0</mn></mtd><mtd><mn>1</mn></mtd></mtr></mtable><mo>)</mo></mrow>",
         r"\begin{pmatrix} 1 & 0 \\ 0 & 1 \end{pmatrix}"),
        ("<mfenced open='[' close=']'><mi>a</mi><mi>b</mi></mfenced>", r"\left[ a,b \right]"),
        ("<mi mathvariant=double-struck>R</mi>", r"\mathbb{R}"),
        ("<mtext>if </mtext><mi>x</mi>", r"\text{if }x"),
        ("<mmultiscripts><mi>C</mi><none/><none/><mprescripts/><mn>6</mn><mn>14</mn></mmultiscripts>", "{}_{6}^{14}C"),
        ("<msup><mrow><mo>(</mo><mi>a</mi><mo>)</mo></mrow><mn>2</mn></msup>", "{(a)}^{2}"),
        ("<mfrac linethickness=0><mi>n</mi><mi>k</mi></mfrac>", r"\genfrac{}{}{0pt}{}{n}{k}"),
    ],
)  # fmt: skip
def test_mathml_without_tex_is_converted(mathml: str, tex: str) -> None:
    """Browsers draw MathML; its text alone turns a fraction into a row of digits."""
    assert markdown(f"<p>Let <math>{mathml}</math> be.</p>") == f"Let ${tex}$ be."


LOADER = '<script src="https://cdn.example/mathjax@3/es5/tex-mml-chtml.js"></script>'


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (r"Let \(x_1 &lt; y*z*\) be.", "Let $x_1 < y*z*$ be."),
        (r"Let \[a &lt; b \\[2pt] c\] be.", "Let\n\n$$a < b \\\\[2pt] c$$\n\nbe."),
        ("Then\n\\begin{align*}\na &amp;= b\n\\end{align*}", "Then\n\n$$\\begin{align*} a &= b \\end{align*}$$"),
        ("Let $a &lt;b$ and $c>d$ cost $5 and $6.", "Let $a <b$ and $c>d$ cost $5 and $6."),
        (r"<h2>The \(L^2\) norm</h2>", "## The $L^2$ norm"),
        (r"<code>\(a\)</code> is no \(formula", "`\\(a\\)` is no \\(formula"),
        (r"<pre>\(a\) \[b\]</pre>", "```\n\\(a\\) \\[b\\]\n```"),
    ],
)
def test_formulas_between_delimiters_are_read_as_mathjax_reads_them(html: str, expected: str) -> None:
    """Readers of Markdown drop the backslash of `\\(`, and take what is between for text."""
    assert markdown(f"{LOADER}<p>{html}</p>") == expected


def test_backslashes_of_a_page_without_formulas_are_its_text() -> None:
    """A group of `grep` is no formula."""
    assert markdown(r"<p>The groups \(a\) and $b$ &lt;c>.</p>") == r"The groups \(a\) and $b$ \<c>."
