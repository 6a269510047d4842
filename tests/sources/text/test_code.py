"""Code blocks: a line of code is a line, with its language, without its number."""

import pytest

from tests.sources.text.pages import markdown

TWO = "def f(x):\n    return x"


@pytest.mark.parametrize(
    "html",
    [
        f"<pre>{TWO}</pre>",
        "<pre><code><div class=line>def f(x):</div><div class=line>    return x</div></code></pre>",
        "<pre><code><div>def f(x):</div>\n<div>    return x</div></code></pre>",
        "<pre><span class=line>def f(x):</span><span class=line>    return x</span></pre>",
        "<pre><span class=line>def f(x):</span>\n<span class=line>    return x</span></pre>",
        "<pre><span class=line>def f(x):\n</span><span class=line>    return x\n</span></pre>",
        "<table><tr><td class=blob-num>1<td class=blob-code>def f(x):<tr><td class=blob-num>2"
        "<td class=blob-code>    return x</table>",
        "<pre><ol class=linenums><li class=L0>def f(x):</li><li class=L1>    return x</li></ol></pre>",
        "<pre>def f(x):<br>    return x<br></pre>",
        "<pre><span class=lineno>1 </span>def f(x):\n<span class=lineno>2 </span>    return x</pre>",
        f"<table class=highlighttable><tr><td class=linenos><pre>1\n2</pre><td class=code><pre>{TWO}</pre></table>",
        f"<table class=rouge-table><tr><td class=gutter><pre class=lineno>1\n2</pre><td><pre>{TWO}\n</pre></table>",
        f"<pre class=line-numbers><code class=line-numbers>{TWO}<span class=line-numbers-rows>1 2</span></code></pre>",
        "<div class=fragment><div class=line><a id=l1></a><span class=lineno>    1</span>def f(x):</div>\n"
        "<div class=line><a id=l2></a><span class=lineno>    2</span>    <b>return</b> x</div></div>",
        "<div class=syntaxhighlighter><table><tr><td class=gutter><div class=line>1</div><div class=line>2</div>"
        "<td class=code><div class=container><div class=line><code>def</code> <code>f(x):</code></div><div class=line>"
        "<code>&nbsp;&nbsp;&nbsp;&nbsp;</code><code>return x</code></div></div></table></div>",
        "<table><tr><td class=crayon-nums><div>1</div><div>2</div><td><div class=crayon-pre><div class=crayon-line>"
        "def f(x):</div><div class=crayon-line>    return x</div></div></table>",
        f"<div class=language-text><span class=lang>text</span><pre>{TWO}</pre><div class=line-numbers-wrapper>"
        "<span>1</span><br><span>2</span></div></div>",
        "<div class=ltx_listing><div class=ltx_listing_data><a href=data:,x>⬇</a></div><div class=ltx_listingline>"
        "<span class=ltx_tag_listingline>1</span>def f(x):</div><div class=ltx_listingline>    return x</div></div>",
        "<pre>def f(x):\n&nbsp;&nbsp;&nbsp;&nbsp;return x<button>Copy</button></pre>",
    ],
)  # fmt: skip
def test_every_way_to_write_lines_gives_lines(html: str) -> None:
    """Python on one line, or with numbers in it, is no Python."""
    assert markdown(f"<p>Before.</p>{html}") == f"Before.\n\n```\n{TWO}\n```"


@pytest.mark.parametrize(
    ("html", "language"),
    [
        ('<pre><code class="language-rust">x</code></pre>', "rust"),
        ('<div class="highlight hl-ipython3"><pre>x</pre></div>', "python"),
        ('<pre class="prism-code language-js"><code class=codeBlockLines>x</code></pre>', "js"),
        ('<pre class="language-c++"><code>x</code></pre>', "cpp"),
        ('<div class="highlight-python3 notranslate"><div class="highlight"><pre>x</pre></div></div>', "python"),
        ('<div class="highlight-default notranslate"><div class="highlight"><pre>x</pre></div></div>', ""),
        ('<div class="highlight highlight-source-shell"><pre>x</pre></div>', "shell"),
        ('<pre class="brush: java; gutter: true">x</pre>', "java"),
        ('<pre data-lang="go">x</pre>', "go"),
        ('<pre class="sourceCode haskell"><code>x</code></pre>', "haskell"),
        ('<pre class="programlisting">x</pre>', ""),
        ("<pre class=screen>x</pre>", ""),
    ],
)
def test_the_language_of_a_block_is_kept(html: str, language: str) -> None:
    """Without it a model takes a shell session for a program."""
    assert markdown(f"<p>Before the code.</p>{html}") == f"Before the code.\n\n```{language}\nx\n```"


def test_two_versions_of_one_example_are_two_blocks() -> None:
    """Node's manual has both of its module systems in one `<pre>`."""
    both = "<code class=language-mjs>import a</code><code class=language-js2>require(a)</code>"
    text = markdown(f"<p>Either way works.</p><pre>{both}</pre>")
    assert text.endswith("```js\nimport a\n```\n\n```js2\nrequire(a)\n```")


def test_an_empty_line_between_lines_is_kept() -> None:
    text = markdown(
        "<p>Two functions:</p><pre><span class=line>a</span><span class=line></span><span class=line>b</span></pre>"
    )
    assert text.endswith("```\na\n\nb\n```")


def test_a_fence_is_longer_than_any_fence_in_the_code() -> None:
    assert markdown("<p>Markdown about Markdown:</p><pre>```\nx\n```</pre>").endswith("````\n```\nx\n```\n````")


def test_prose_in_pre_is_not_code() -> None:
    """The archive of a mailing list is prose, from which tasks are made; code is not."""
    letter = "The pump stops when the level falls.\nIt starts again in the morning.\n" * 5
    assert "```" not in markdown(f"<h1>Mail</h1><pre>{letter}</pre>")


PROSE = "\n".join("     The pump draws water from the hold until the level is below the sill." for _ in range(4))
MANUAL = (
    "<b>PUMP</b>(1)              General Commands Manual              <b>PUMP</b>(1)\n\n<b>NAME</b>\n"
    "     <b>pump</b> -- draw water\n\n<u>SYNOPSIS</u>\n     <b>pump</b> [<b>-a</b>] [<u>file</u>]\n\n"
    f"<b>DESCRIPTION</b>\n{PROSE}\n\n"
    '   <b>Old __init__ files</b>\n     It reads <u>file</u>, see <a href="seal.1.html"><b>seal</b>(1)</a>.\n'
)
RFC = (
    f'<span class="h1">The Pump</span>\n\nStatus\n\n{PROSE}\n\n<span class="h2"><a id=s href=#s>1</a>. Draw</span>'
    "   It draws, see\n   <a href=./rfc9>RFC 9</a>.\n\n     +--+--+\n     | a| b|\n     +--+--+\n"
    '<span class="grey">Keeper          [Page 1]</span>\n</pre><pre class=newpage><span class="grey">RFC 8</span>\n\n'
    '<span class="h3">1.1.  Stop</span>\n\n   It stops.\n'
)


def test_a_manual_page_in_pre_has_headings_and_links() -> None:
    """As one block of code it is a page without sections that leads nowhere."""
    text = markdown(f"<pre>{MANUAL}</pre>")
    assert [line for line in text.split("\n") if line.startswith("#")] == [
        "## NAME", "## SYNOPSIS", "## DESCRIPTION", "### Old \\_\\_init\\_\\_ files"
    ]  # fmt: skip
    assert "\n\n**pump** -- draw water\n\n" in text
    assert text.endswith("It reads *file*, see [seal(1)](http://site.example/dir/seal.1.html).")


def test_an_rfc_is_read_without_the_lines_of_its_paper() -> None:
    """Its running titles would cut sentences in two; its drawings are no sentences."""
    text = markdown(f"<pre>{RFC}</pre>")
    assert text.startswith("# The Pump\n\nStatus\n\nThe pump draws water")
    assert text.partition("## 1. Draw")[2] == (
        "\n\nIt draws, see\n[RFC 9](http://site.example/dir/rfc9).\n\n```\n+--+--+\n| a| b|\n+--+--+\n```\n\n"
        "### 1.1. Stop\n\nIt stops."
    )


def test_sections_of_pre_below_headings_keep_their_links() -> None:
    """The pages of man7.org and of man2html have their headings around each `<pre>`."""
    sections = "".join(f"<h2>{name}</h2><pre>\n{PROSE}\n     See <a href=s.html>{name}</a>.\n</pre>" for name in "ABC")
    assert markdown(sections).count("\nSee [") == 3


def test_code_on_a_page_of_code_stays_code() -> None:
    """Names of classes in bold are no headings, and a listing without line breaks is lost."""
    listing = "".join(f"<b>TABLE</b>\n  x[{n}] = {{ a: [{n}], <a href=b>b</a>: *p }};\n" for n in range(9))
    assert markdown(f"<pre>{listing}</pre>").startswith("```\nTABLE\n  x[0] = { a: [0], b: *p };\n")
