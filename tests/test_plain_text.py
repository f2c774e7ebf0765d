"""Names from elsewhere are printed without what a terminal or a browser acts upon."""

import pytest

from impasto.plain_text import one_line, style_title, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ukiyo-e, 浮世絵, Café\u0301", "Ukiyo-e, 浮世絵, Café\u0301"),
        ("\x1b[31mred\x1b]0;title\x07", "\ufffd[31mred\ufffd]0;title\ufffd"),
        ("a\r\u202egnp.exe", "a\ufffd\ufffdgnp.exe"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("\x85\x9b2J", "\ufffd\ufffd2J"),
    ],
)
def test_what_a_terminal_acts_upon_is_replaced(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_one_line_has_no_breaks() -> None:
    assert one_line("two\nlines\tand\u2028more") == "two lines and\ufffdmore"


@pytest.mark.parametrize(
    ("style", "title"),
    [
        ("Ukiyo_e", "Ukiyo-e"),
        ("Mannerism_Late_Renaissance", "Mannerism (Late Renaissance)"),
        ("Pop_Art", "Pop Art"),
        ("Jugendstil\n1900", "Jugendstil 1900"),
        ("\x1b", "\x1b"),
    ],
)
def test_titles_of_styles(style: str, title: str) -> None:
    assert style_title(style) == title
