"""Markdown that somebody else wrote, as HTML that can do nothing but be read.

Raw HTML in it is text; what comes out passes a sanitizer all the same: no script, style, form, frame, picture or event.
"""

from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup

from assay.visible import visible

LONGEST = 200_000
"""Characters of one text; the rest is left out, with a note."""
_KEPT = 512
"""Texts whose HTML is remembered: lessons and statements are shown again and again."""
_TAGS = {
    *(
        "p",
        "br",
        "hr",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "em",
        "strong",
        "code",
        "pre",
        "blockquote",
        "ul",
        "ol",
        "li",
        "a",
    ),
    *("table", "thead", "tbody", "tr", "th", "td", "del", "div"),
}
_ATTRIBUTES = {
    "a": {"href", "title"},
    "ol": {"start"},
    "div": {"class", "tabindex", "role", "aria-label"},
    "pre": {"class"},
    "th": {"class"},
    "td": {"class"},
}


def markdown(text: str, top: int = 2) -> Markup:
    """The text as HTML whose highest heading is `<hN>` for N = `top`, with nothing hidden in it."""
    return _made(text, top)


@lru_cache(maxsize=_KEPT)
def _made(text: str, top: int) -> Markup:
    shown = visible(text, LONGEST)
    reader = MarkdownIt("commonmark", {"html": False, "linkify": False, "typographer": False})
    reader.enable(["table", "strikethrough"])
    reader.disable(["image", "html_block", "html_inline"])
    tokens = reader.parse(shown)
    _lower_headings(tokens, top)
    _bare_tables(tokens)
    assert isinstance(reader.renderer, RendererHTML)
    html = reader.renderer.render(tokens, reader.options, {})
    html = html.replace("<table>", '<div class="wide" tabindex="0" role="group" aria-label="Table"><table>')
    html = html.replace("</table>", "</table></div>")
    clean = nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https"},
        link_rel="noopener nofollow",
    )
    return Markup(clean)  # noqa: S704 - cleaned


def _lower_headings(tokens: list[Token], top: int) -> None:
    levels = [int(token.tag[1]) for token in tokens if token.type == "heading_open"]
    if not levels:
        return
    by = top - min(levels)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + by)}"


def _bare_tables(tokens: list[Token]) -> None:
    """Alignment as a class: the Content-Security-Policy refuses inline styles."""
    for token in tokens:
        if token.type in ("th_open", "td_open") and token.attrs.pop("style", None) == "text-align:right":
            token.attrs["class"] = "n"
