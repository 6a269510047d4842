"""The structure of pages in their Markdown: a heading, link or mark that is lost here is lost for every later step."""

import pytest

from tests.sources.text.pages import markdown


def test_headings_in_title_pages_keep_their_level() -> None:
    """DocBook wraps a heading in three elements; without it a manual has no sections."""
    text = markdown(
        '<div class="sect1"><div class="titlepage"><div><div><h2>4. Pumps</h2></div></div></div><p>One.</p>'
        '<div class="refsect1"><h3>Notes<a class="headerlink" href="#n">¶</a></h3><p>Two.</p></div></div>'
    )
    assert text == "## 4. Pumps\n\nOne.\n\n### Notes\n\nTwo."


def test_all_articles_of_a_thread_are_kept() -> None:
    """An answer in a later `<article>` is content as much as the first one."""
    posts = "".join(f"<article><p>Answer {n} explains the level.</p></article>" for n in range(3))
    text = markdown(f"<h1>How?</h1>{posts}")
    assert text.startswith("# How?") and all(f"Answer {n} explains" in text for n in range(3))


def test_a_list_of_nothing_but_links_keeps_them() -> None:
    """A table of chapters is where a walk over a manual begins."""
    items = "".join(
        f'<li><a href="c{n}.html">Chapter {n}</a><ul><li><a href="c{n}b.html">Part {n}</a></li></ul></li>'
        for n in range(9)
    )
    text = markdown(f"<div role=main><h1>Contents</h1><ul>{items}</ul></div>")
    assert text.count("](http://site.example/dir/c") == 18
    assert "- [Chapter 8](http://site.example/dir/c8.html)\n  - [Part 8]" in text


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("10<sup>6</sup> and CO<sub>2</sub>", "10<sup>6</sup> and CO<sub>2</sub>"),
        ("a <b> bold </b>word, <em>soft</em>, <del>gone</del>", "a **bold** word, *soft*, ~~gone~~"),
        ("call <code>f(`x`)</code> or <kbd>q</kbd>", "call ``f(`x`)`` or `q`"),
        ("<code>x<sup>2</sup></code>", "`x^2`"),
        ('<code>Map&lt;<a href="s.html">String</a>&gt;</code>', "`Map<`[`String`](http://site.example/dir/s.html)`>`"),
        ('<a href="s.html"><code>f(x[, y])</code></a>', "[`f(x[, y])`](http://site.example/dir/s.html)"),
        ('see <a href="s.html">[1]</a>', r"see [\[1\]](http://site.example/dir/s.html)"),
        ('<img src="a.png" alt="a pump"> <img src="b.png" alt="">', "![a pump](http://site.example/dir/a.png)"),
        ('<a href="s.html"><img src="a.png" alt="a pump"></a>', "[a pump](http://site.example/dir/s.html)"),
        ("the &lt;string&gt; of *args* and a &amp;lt;", r"the \<string> of \*args\* and a \&lt;"),
        ("<b>One</b><b>word</b> <code>f</code><code>()</code>", "**Oneword** `f()`"),
        ("<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>", "漢(kan)"),
        ("<div role=heading aria-level=3>Seals</div>", "### Seals"),
        ("soft&shy;ware<wbr> <q>said</q>", "software “said”"),
        ('<aside class="note"><p>Mind the valve.</p></aside>', "Mind the valve."),
        ("<p># not a heading</p>", r"\# not a heading"),
        ("one<br>two", "one\ntwo"),
        ("<h2>A<br>B <strong>C</strong></h2>", "## A B C"),
        ("<details><summary>More</summary><p>Hidden part.</p></details>", "More\n\nHidden part."),
        ('<div role="tabpanel" hidden><p>Second tab.</p></div>', "Second tab."),
        ('<a href="s.html"><h3>Card</h3><p>Its text.</p></a>',
         "### [Card](http://site.example/dir/s.html)\n\n[Its text.](http://site.example/dir/s.html)"),
    ],
)  # fmt: skip
def test_inline_elements_keep_their_marks(html: str, expected: str) -> None:
    """`10<sup>6</sup>` without a mark reads 106, and code without backticks reads as prose."""
    assert markdown(f"<p>Before.</p>{html}").removeprefix("Before.\n\n") == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<ol start=3><li>three<li>four<li value=9>nine</ol>", "3. three\n4. four\n9. nine"),
        ("<ul><li>a<ol><li>b<p>c</p></li></ol></li><li>d</li></ul>", "- a\n  1. b\n\n     c\n- d"),
        ("<ul><li>a</li><ul><li>b</li></ul></ul>", "- a\n  - b"),
        ("<ul><li><p>a</p><pre>code</pre></li></ul>", "- a\n\n  ```\n  code\n  ```"),
        ("<ul><li><input type=checkbox checked> done<li><input type=checkbox> open</ul>", "- [x] done\n- [ ] open"),
        ("<ul><li><h3>A section</h3><p>of a page</p></li></ul>", "### A section\n\nof a page"),
        ("<dl><dt>level<dt>height<dd>metres above the sill<dd><pre>x = 1</pre></dl>",
         "level\nheight\n: metres above the sill\n\n```\nx = 1\n```"),
        ("<blockquote><p>one</p><p>two</p></blockquote>", "> one\n>\n> two"),
        ("<blockquote><pre>x = 1</pre></blockquote>", "```\nx = 1\n```"),
        ('<figure><img src="a.png" alt="a pump"><figcaption>Hall 4</figcaption></figure>',
         "![a pump](http://site.example/dir/a.png)\n\nHall 4"),
    ],
)  # fmt: skip
def test_blocks_keep_their_structure(html: str, expected: str) -> None:
    """Numbers of steps, nesting of lists, terms with their definitions, and who quotes whom."""
    assert markdown(f"<p>Before.</p>{html}<p>After.</p>") == f"Before.\n\n{expected}\n\nAfter."


def test_footnotes_lead_from_the_text_to_the_note() -> None:
    """A number in the middle of a word is no footnote any more: `lamp.1` reads as a version."""
    text = markdown(
        '<p>The lamp burns oil.<sup id="r1"><a href="#n1">[1]</a></sup> It is old.</p>'
        '<p>See <a href="#other">there</a>.</p>'
        '<ol><li id="n1"><a href="#r1">↩</a> Keeper, 1999.</li></ol>'
    )
    assert text == "The lamp burns oil.[^1] It is old.\n\nSee there.\n\n[^1]: Keeper, 1999."


def test_a_type_in_angle_brackets_is_no_element() -> None:
    """Names of C++ types are marked up piece by piece, and vanish where a reader takes them for HTML."""
    text = markdown("<h3>QVector&lt;<span>int</span>&gt; counts() const</h3><p>Where 1 &lt; x.</p>")
    assert text == "### QVector\\<int> counts() const\n\nWhere 1 < x."


def test_a_lone_backtick_does_not_open_code() -> None:
    """It would pair with the fence of the next code span, and turn code and text around."""
    assert markdown("<p>Its ` sign opens; <code>stop()</code> closes.</p>") == "Its \\` sign opens; `stop()` closes."
    assert markdown("<p>Call `start` here.</p>") == "Call `start` here."
