"""Pages as generators of documentation write them: the content alone, and all of it."""

import pytest

from tests.sources.text.pages import extracted, markdown

SENTENCE = "The pump stops when the level falls below the sill."
TREE = "".join(f"<li>\n   <a href=part{n}.html>Part {n} of the long manual</a>\n  </li>\n" for n in range(400))


@pytest.mark.parametrize(
    "page",
    [
        f"<div class=bd-sidebar><nav><ul>{TREE}</ul></nav></div><main role=main><h1>Pump.stop</h1><p>{{}}</p></main>",
        f"<div id=container><aside id=leftnav><nav><ul>{TREE}</ul></nav></aside><div id=content><h1>Pump.stop</h1>"
        "<p>{}</p></div></div>",
        f"<script>self.__data={'[1,2,3],' * 4_000}</script><div class=sidebar><ul>{TREE}</ul></div>"
        "<main><h1>Pump.stop</h1><p>{}</p></main>",
    ],
    ids=["pydata", "erlang", "next"],
)
def test_a_short_page_beside_the_tree_of_the_manual_is_read_alone(page: str) -> None:
    """Two sentences about a method would drown in 400 names of others."""
    assert markdown(page.format(SENTENCE)) == f"# Pump.stop\n\n{SENTENCE}"


def test_a_table_of_contents_of_indented_html_is_dropped() -> None:
    """DocBook indents its pages: most characters between the links of a table of contents are blanks."""
    entries = "\n            ".join(
        f"<dt>\n              <span class=section>\n                <a href=#s{n}>{n}. Part</a>\n</span>\n</dt>"
        for n in range(9)
    )
    assert markdown(f"<div class=toc>\n   <dl class=toc>\n{entries}</dl></div><h1>Pump</h1><p>{SENTENCE}") == (
        f"# Pump\n\n{SENTENCE}"
    )


def test_items_without_end_tags_are_no_nesting() -> None:
    """Logs of changes written by hand have thousands of items, and headings behind them."""
    log = "".join(f"<h3>Release {n}</h3><ul><li>A fix.<p>Its reason.<li>A feature.</ul>" for n in range(1_200))
    text = markdown(f"<h1>Changes</h1>{log}")
    assert text.count("### Release") == 1_200
    assert text.endswith("### Release 1199\n\n- A fix.\n\n  Its reason.\n- A feature.")


@pytest.mark.parametrize(
    "content",
    [
        "<dl><dt>See Also:</dt><dd><ul><li><a href=#a>stop()</a><li><a href=#b>start()</a>"
        "<li><a href=#c>level()</a></ul></dd></dl>",
        "<p>The fields of the log, in their order, are:</p><ul><li><a href=#a>stop()</a><li><a href=#b>start()</a>"
        "<li><a href=#c>level()</a></ul>",
        "<table class=related><tr><th>Modules<th>Directives<tr><td>stop()<td><a href=x>start()</a> level()</table>",
        "<dl class=tags><dt>See also<dd>stop() and start() in level()</dl>",
        "<div id=method-i-skip><span>stop()</span><p>Skips <b>start()</b>, not level().</p></div>",
        "<div class=skip><pre>stop()\nstart()\nlevel()</pre></div>",
    ],
    ids=["javadoc", "sentence", "apache", "pldoc", "rdoc", "code"],
)
def test_names_and_links_that_are_content_stay(content: str) -> None:
    """Manuals refer to their own sections in lists, and name methods as sites name their menus."""
    text = markdown(f"<h1>Pump</h1><p>{SENTENCE}</p>{content}<h2>Notes</h2><p>{SENTENCE}</p>")
    assert [word for word in ("stop()", "start()", "level()") if word not in text] == []


@pytest.mark.parametrize(
    "noise",
    [
        "<div class=header><p>Next: <a href=b.html accesskey=n rel=next>Valves</a>, Up: <a href=. rel=up>Top</a> "
        "&nbsp; [<a href=t.html rel=contents>Contents</a>][<a href=i.html rel=index>Index</a>]</p></div>",
        "<table class=header><tr><td>[<a href=a title='Previous section in reading order'> &lt; </a>]<td>[<a href=u "
        "title='Up section'> Up </a>]<td>[<a href=i title=Index>Index</a>]</table>",
        "<div class=top><a href=#header><img alt=top src=up.gif></a></div>",
        "<span class=method-click-advice>click to toggle source</span>",
    ],
    ids=["texinfo", "texi2any", "apache", "rdoc"],
)
def test_what_leads_elsewhere_is_dropped_between_sections(noise: str) -> None:
    """Manuals on one page repeat their navigation before every section."""
    assert markdown(f"<h1>Pump</h1><p>{SENTENCE}</p>{noise}<h2>Notes</h2><p>{SENTENCE}</p>") == (
        f"# Pump\n\n{SENTENCE}\n\n## Notes\n\n{SENTENCE}"
    )


@pytest.mark.parametrize(
    "heading",
    [
        "Struct <a href=.>pump</a>::Stop<button id=copy-path>Copy item path</button>",
        "Struct <a href=.>pump</a>::Stop <span class=srclink>[<a href=s>src</a>]</span>",
        "Struct <a href=.>pump</a>::Stop <span class=out-of-band>1.0 <a class=srclink href=s>source</a> [−]</span>",
        "<button aria-expanded=false>Struct <a href=.>pump</a>::Stop</button>",
    ],
    ids=["button", "gi-docgen", "rustdoc", "accordion"],
)
def test_a_heading_is_its_words_alone(heading: str) -> None:
    """A button's label would become part of the name in every task."""
    assert markdown(f"<h1>Manual</h1><h2>{heading}</h2><p>{SENTENCE}</p>").split("\n\n")[1] == (
        "## Struct [pump](http://site.example/dir/)::Stop"
    )


def test_a_question_keeps_its_title_outside_of_the_main_part() -> None:
    """Stack Exchange has the question above its main part, which has a heading of its own for the answers."""
    page = extracted(
        "<title>water - How do I prime a pump? - Site</title><body><div id=question-header><h1>How do I prime a pump?"
        f"</h1></div><div role=main><p>It draws no water. {SENTENCE}</p><h2>1 Answer</h2><p>Fill it.</p></div>"
    )
    assert page.text.startswith("# How do I prime a pump?\n\nIt draws no water.")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            "<p class=ltx_p>It draws<span class=ltx_note><sup class=ltx_note_mark>1</sup><span class=ltx_note_outer>"
            "<span class=ltx_note_content><sup class=ltx_note_mark>1</sup><span class=ltx_tag_note>1</span>At sea."
            "</span></span></span> water.</p>",
            "It draws (At sea.) water.",
        ),
        (
            "<p>It draws<sup><a href=#n1 data-footnote-ref>1</a></sup>.</p><ol><li id=n1><p>At sea. "
            "<a href=#r1 class=footnote-backref>↩</a></p></ol>",
            "It draws[^1].\n\n[^1]: At sea.",
        ),
        (
            "<p>It draws<a class=footnote-reference href=#n1>1</a>.</p><dl><dt id=n1><a class=fn-backref href=#r>1</a>"
            "</dt>\n<dd><p>At sea.</p></dd></dl>",
            "It draws[^1].\n\n[^1]: At sea.",
        ),
        (
            "<ul role=tablist><li role=tab>Pump</li><li role=tab>Sieve</li></ul><div role=tabpanel>Draw.</div>"
            "<div role=tabpanel hidden>Pour.</div>",
            "**Pump**\n\nDraw.\n\n**Sieve**\n\nPour.",
        ),
        (
            "<div><input type=radio id=a><label for=a>Pump</label><input id=b><label for=b>Sieve</label></div>"
            "<p>Draw.</p>",
            "Pump Sieve\n\nDraw.",
        ),
        ("<p>Draw.</p><div class=tableOfContents><ul><li><a href=#a>Draw</a></ul></div>", "Draw."),
    ],
    ids=["latexml", "github", "docutils", "tabs", "labels", "contents"],
)
def test_notes_and_tabs_keep_their_words_apart(body: str, expected: str) -> None:
    """A note that runs into its sentence changes its meaning; panels without names are all alike."""
    assert markdown(f"<h1>Pump</h1>{body}") == f"# Pump\n\n{expected}"


def test_a_synopsis_is_no_table_of_contents() -> None:
    """Haddock lists the functions of a module with their types, each of which leads to its place below."""
    items = "".join(f"<li class=src><a href=#v{n}>draw{n}</a> :: Int -&gt; <a href=#t>Pump</a></li>" for n in range(4))
    assert markdown(f"<h1>Pump</h1><details><summary>Synopsis</summary><ul>{items}</ul></details>").endswith(
        "Synopsis\n\n- draw0 :: Int -> Pump\n- draw1 :: Int -> Pump\n- draw2 :: Int -> Pump\n- draw3 :: Int -> Pump"
    )


@pytest.mark.parametrize(
    "grid",
    [
        "<div class='summary-table two-column-summary'><div class='table-header col-first'>Method</div><div class="
        "'table-header col-last'>Description</div><div class='col-first even-row-color'><code>stop()</code></div>"
        "<div class='col-last even-row-color'><div class=block>Stops | it.</div></div></div>",
        "<div role=table><div role=row><span role=columnheader>Method</span><span role=columnheader>Description</span>"
        "</div><div role=row><div role=cell><code>stop()</code></div>"
        "<div role=cell><p>Stops | it.</p></div></div></div>",
    ],
    ids=["javadoc", "aria"],
)
def test_a_table_of_blocks_is_a_table(grid: str) -> None:
    """Three hundred paragraphs do not show which description is of which method."""
    assert markdown(f"<h1>Pump</h1>{grid}<p>{SENTENCE}</p>") == (
        f"# Pump\n\n| Method | Description |\n| --- | --- |\n| `stop()` | Stops \\| it. |\n\n{SENTENCE}"
    )


def test_a_main_part_with_the_role_of_one_is_read_whole() -> None:
    """The package of a class is above its name, in a line that outside of a main part is a menu."""
    text = markdown(
        f"<main role=main><div>Package <a href=p.html>org.site.pump.stop</a></div><h1>Pump</h1><p>{SENTENCE}"
    )
    assert text.startswith("Package [org.site.pump.stop](http://site.example/dir/p.html)\n\n# Pump")


def test_a_short_page_with_a_title_is_no_shell() -> None:
    """Only the search field of Javadoc needs JavaScript."""
    assert markdown(
        "<script>search()</script><noscript>JavaScript is disabled on your browser.</noscript>"
        "<main><h2>Uses of Pump</h2><div>No usage of Pump</div></main>"
    ) == "## Uses of Pump\n\nNo usage of Pump"  # fmt: skip


TABS = {
    "sphinx-tabs": "<div class=sphinx-tabs><div role=tablist><button role=tab id=t0 aria-controls=p0>Pump</button>"
    "<button role=tab id=t1 aria-controls=p1>Sieve</button></div><div id=p0 role=tabpanel>Draw.</div>"
    "<div id=p1 role=tabpanel hidden>Pour.</div></div>",
    "docusaurus": "<div class=tabs-container><ul role=tablist class=tabs><li role=tab>Pump</li><li role=tab>Sieve</li>"
    "</ul>"
    "<div><div role=tabpanel>Draw.</div><div role=tabpanel hidden>Pour.</div></div></div>",
    "mkdocs": "<div class=tabbed-set><input type=radio id=a><input type=radio id=b><div class=tabbed-labels>"
    "<label for=a>Pump</label><label for=b>Sieve</label></div><div class=tabbed-content>\n"
    "<div class=tabbed-block>Draw.</div>\n<div class=tabbed-block>Pour.</div></div></div>",
    "vitepress": "<div class=vp-code-group><div class=tabs><input type=radio id=a><label for=a>Pump</label>"
    "<input type=radio id=b><label for=b>Sieve</label></div>"
    "<div class=blocks><div>Draw.</div><div>Pour.</div></div></div>",
    "bootstrap": "<ul class='nav nav-tabs' role=tablist><li><a href=#p0 role=tab>Pump</a><li>"
    "<a href=#p1 role=tab>Sieve</a></ul><div class=tab-content><div class=tab-pane id=p0>Draw.</div>"
    "<div class=tab-pane id=p1>Pour.</div></div>",
}


@pytest.mark.parametrize("html", TABS.values(), ids=TABS.keys())
def test_each_panel_is_below_the_name_of_its_tab(html: str) -> None:
    """Behind a list of three systems, three commands have no names."""
    assert markdown(f"<h1>Pump</h1><p>{SENTENCE}</p>{html}") == (
        f"# Pump\n\n{SENTENCE}\n\n**Pump**\n\nDraw.\n\n**Sieve**\n\nPour."
    )


def test_tabs_that_filter_one_panel_name_nothing() -> None:
    """Javadoc has a table of methods and buttons that show some of them."""
    filters = "".join(f"<button role=tab aria-controls=p>{name}</button>" for name in ("All", "Static"))
    assert markdown(f"<h1>Pump</h1><div role=tablist>{filters}</div><div id=p role=tabpanel>Draw.</div>") == (
        "# Pump\n\nDraw."
    )


def test_the_title_has_no_sign_of_a_permalink() -> None:
    """A notebook without a title is named by its first heading."""
    page = extracted("<h1 id=a>Pump curves<a class=anchor-link href=#a>¶</a></h1><p>Fit.</p>")
    assert (page.title, page.text) == ("Pump curves", "# Pump curves\n\nFit.")


def test_frames_lead_to_their_pages() -> None:
    """A manual of frames has no other links on its first page."""
    page = extracted(
        "<title>Pump</title><frameset cols=20%,80%><frame src=contents.html><frame src=text.html></frameset>"
    )
    assert [url for url, _ in page.links] == [
        "http://site.example/dir/contents.html",
        "http://site.example/dir/text.html",
    ]
