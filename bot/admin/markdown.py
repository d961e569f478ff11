"""Markdown as HTML for the pages: what people and models wrote, in which nothing may act.

The only module that makes markup of somebody's words. Raw HTML is shown as text, images are not loaded, links lead to
http and https alone and tell nobody where they were clicked.
"""

from collections.abc import Sequence
from typing import Any

from markdown_it import MarkdownIt
from markupsafe import Markup

from bot.delivery.safe_markdown import safe_markdown

_LONGEST = 40_000  # characters; nothing that we show is longer


def _renderer() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table").disable("image")
    parser.add_render_rule("link_open", _link_open)
    return parser


def _link_open(self: Any, tokens: Sequence[Any], index: int, options: Any, env: Any) -> str:
    token = tokens[index]
    if not str(token.attrGet("href") or "").lower().startswith(("https://", "http://")):
        token.attrs = {}  # an anchor that leads nowhere
        return str(self.renderToken(tokens, index, options, env))
    token.attrSet("rel", "noopener noreferrer nofollow")
    token.attrSet("target", "_blank")
    return str(self.renderToken(tokens, index, options, env))


_RENDERER = _renderer()


def to_html(text: str) -> Markup:
    """What editors wrote: their links lead where they say."""
    return Markup(_RENDERER.render(text[:_LONGEST]))


def answer_to_html(text: str, link_hosts: Sequence[str]) -> Markup:
    """What a model wrote: made harmless as for the people who read it."""
    return to_html(safe_markdown(text[:_LONGEST], link_hosts))
