"""Errors, walls and shells in place of the content have a reason of their own; content that mentions them stays."""

import pytest

from sources.text.extract import Layout, extract

ARTICLE = " ".join(f"The keeper trims lamp {n} before the night, and writes it into the log." for n in range(12))


def status(title: str, body: str) -> str:
    html = f"<html><head><title>{title}</title><script src=/a.js></script></head><body>{body}</body></html>"
    return extract(html.encode(), "text/html", "text/html; charset=utf-8", "http://s.example/a", Layout()).status


@pytest.mark.parametrize(
    ("title", "body", "expected"),
    [
        (
            "Page not found",
            "<p>Sorry, the page you asked for does not exist. Go back to the start page.</p>",
            "error_page",
        ),
        ("Acme", "<h1>Oops</h1><p>The page you are looking for could not be found.</p>", "error_page"),
        ("Error 404 | Acme", "<p>Nothing here.</p>", "error_page"),
        ("Seite nicht gefunden - Amt", "<p>Leider nein.</p>", "error_page"),
        ("页面不存在", "<p>您访问的页面不存在。</p>", "error_page"),
        ("Страница не найдена", "<p>Вернитесь на главную.</p>", "error_page"),
        ("Just a moment...", "<p>Checking your browser before you go on.</p>", "challenge"),
        ("h.example", "<p>Please verify you are a human to go on.</p>", "challenge"),
        (
            "Before you continue",
            "<p>We and our partners use cookies to store information on your device. Accept all. Reject all.</p>",
            "consent_wall",
        ),
        (
            "Nachrichten",
            "<p>Wir und unsere 214 Partner speichern Daten. Alle akzeptieren. Ablehnen.</p>",
            "consent_wall",
        ),
        ("Sign in - Acme", "<form><input name=u><input type=password></form>", "login_wall"),
        ("Acme", "<p>Welcome back</p><form><input type=password></form>", "login_wall"),
        ("Story", "<p>You must be logged in to view this page.</p>", "login_wall"),
        (
            "App",
            "<div id=root>Loading...</div><noscript>You need to enable JavaScript to run this app.</noscript>",
            "javascript_shell",
        ),
        ("App", "<p>JavaScript is required.</p>", "javascript_shell"),
    ],
)
def test_a_page_in_place_of_the_content_has_a_reason(title: str, body: str, expected: str) -> None:
    """Thousands of equal error pages otherwise become documents, facts and tasks."""
    assert status(title, body) == expected


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("404 lighthouses", f"<p>{ARTICLE}</p>"),
        ("Handling page not found in Acme", f"<p>{ARTICLE} Show the reader that the page could not be found.</p>"),
        ("Lamps", f"<p>{ARTICLE}</p><noscript>Please enable JavaScript to view the comments.</noscript>"),
        ("Lamps", f"<form><input type=password></form><p>{ARTICLE}</p>"),
        (
            "Uses of Pump",
            "<noscript>JavaScript is disabled.</noscript><main><h1>Uses of Pump</h1>None so far.</main>",
        ),
        ("Login API", f"<p>{ARTICLE} The call signs a user in.</p>"),
        ("Cookies", f"<p>{ARTICLE} {ARTICLE} {ARTICLE} We and our partners use cookies. Accept all. Reject all.</p>"),
    ],
)
def test_content_that_mentions_errors_and_logins_is_content(title: str, body: str) -> None:
    """Documentation of web servers is full of these words."""
    assert status(title, body) == "ok"
