"""Nothing in an answer can be clicked or loaded but links to listed hosts; everything else reads as it was written."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.delivery.safe_markdown import safe_markdown
from bot.platforms.slack.dialect import escape_markdown
from tests.delivery.oracle import ALLOWED, live_parts

E = "evil.com"

HOSTILE = [
    # plain addresses
    f"http://{E}",
    f"https://{E}/path?q=1&x=2#frag",
    f"HTTPS://{E.upper()}/A",
    f"hTtP://{E}",
    f"see https://{E}/leak?data=secret.",
    f"(https://{E}/a)",
    f"https://{E}/a_(b)_c",
    f"ftp://{E}/file",
    f"ftps://{E}",
    f"file:///etc/passwd and file://{E}/share",
    f"ssh://git@{E}/x",
    f"slack://channel?team=T1&id=C1 or myapp://{E}",
    f"tel:+123 sms:+123 skype:{E} xmpp:me@{E}",
    f"javascript:alert(1) data:text/html,<b>x vbscript:x({E})",
    f"//{E}/scheme-relative",
    f"www.{E}",
    f"WWW.{E}/x",
    f"_www.{E}_ *www.{E}*",
    # bare domains
    E,
    f"go to {E}/login now",
    f"{E}:8080/x",
    f"a.b.c.{E}?x=1",
    "evil.dev evil.app evil.xyz evil.zip evil.page evil.online",
    "evil.io evil.ai evil.co.uk/x evil.cn",
    "evil.museum/x evil.travel/x evil.technology",
    "1.2.3.4/x http://1.2.3.4 http://[::1]/x http://0x7f.1/ http://2130706433/",
    "localhost:8080/x http://localhost/x http://intranet/x",
    f"按 {E} 查看，或 https://{E}/年假。完",
    f"中文http://{E}中文",
    f"中文www.{E}中文",
    # names that look like others
    "https://xn--pple-43d.com/login",
    "https://аpple.com",
    "https://例え.jp/x 例子.中国 пример.рф",
    "https://evil。com http://evil．com evil｡com",
    f"https://{ALLOWED}.{E}/x",
    f"https://{ALLOWED}@{E}/x",
    f"https://user:pass@{E}/x",
    f"https://{ALLOWED}:x@{E}/",
    f"https://{E}#{ALLOWED} https://{E}?{ALLOWED} https://{E}/{ALLOWED}",
    f"https://evil{ALLOWED}/x https://{ALLOWED}evil.com",
    f"http://{ALLOWED}/not-https",
    f"https://{E}\\@{ALLOWED}/x",
    f"https://{ALLOWED}\\@{E}/x",
    f"https://{ALLOWED}\\.{E}/x",
    f"https:\\\\{E}\\x https:/\\{E} https:{E} https:/{E}",
    f"https:///{E} https:////{E}",
    f"[wiki](https://{ALLOWED}%2e{E}/)",
    f"[wiki](https://{ALLOWED}%00.{E}/)",
    f"[wiki](https://{ALLOWED}。{E}/)",
    # inline links
    f"[click](https://{E})",
    f"[click]({E})",
    f"[click](//{E})",
    "[click](/relative) [x](../up) [y](#frag) [z](?q)",
    f'[click](https://{E} "title")',
    f"[click](https://{E} 'title')",
    f"[click](https://{E} (title))",
    f'[click](https://{E} "ti\ntle")',
    f"[click](<https://{E}>)",
    f"[click](<https://{E}/a b>)",
    f"[click]( https://{E} )",
    f"[click](\nhttps://{E}\n)",
    f"[cli\nck](https://{E})",
    f"[click]\n(https://{E})",
    f"[click] (https://{E})",
    f"[**bold** _it_](https://{E})",
    f"[a [b] c](https://{E})",
    f"[a [b [c]]](https://{E})",
    f"[a](b)](https://{E})",
    f"[[x]](https://{E})",
    f"[![img](https://{E}/i.png)](https://{E})",
    f"[](https://{E})",
    f"[\\](https://{E})",
    f"[a\\](b](https://{E})",
    f"\\[a](https://{E})",
    f"\\\\[a](https://{E})",
    f"[a]\\(https://{E})",
    f"[a](https://{E}\\)",
    f"[a](https://{E}/(x(y)z))",
    f"[a](java&#115;cript:alert(1)) [a](&#104;ttps://{E})",
    f"[a](https&colon;//{E}) [a](https&#58;&#47;&#47;{E})",
    f"[a]&lpar;https://{E}) &lbrack;a](https://{E}) &#91;a&#93;&#40;https://{E}&#41;",
    "[a](javascript:alert(1)) [a](data:text/html;base64,xx) [a](vbscript:x) [a](file:///x)",
    f"[a](mailto:x@{E}?body=secret)",
    f"mailto:x@{E}?subject=secret",
    f"[https://{ALLOWED}](https://{E})",
    f"[{ALLOWED}](https://{E}/?{ALLOWED})",
    f"[https://{E}](https://{ALLOWED}/open?u=https://{E})",
    f"`[a`](https://{E})",
    f"[a`](https://{E})`",
    f"[a``](https://{E})``",
    f"[`a](https://{E})",
    # reference links
    f"[a][b]\n\n[b]: https://{E}",
    f"[a][]\n\n[a]: https://{E}",
    f"[a]\n\n[a]: https://{E}",
    f"[a]: https://{E}\n\n[a]",
    f"[a]: <https://{E}>\n\n[a]",
    f"[a]:\nhttps://{E}\n'title'\n\n[a]",
    f"> [a]: https://{E}\n\n[a]",
    f"- [a]: https://{E}\n\n[a]",
    f"1. x\n\n   [a]: https://{E}\n\n[a]",
    f"[a\\]]: https://{E}\n\n[a\\]]",
    f"[a]\\: https://{E}\n\n[a]",
    f"[a]&colon; https://{E}\n\n[a]",
    f"[a]&#58; https://{E}\n\n[a]",
    "[a]: evil\n\n[a] [x][a]",
    f"[^1]\n\n[^1]: https://{E}",
    # images
    f"![x](https://{E}/i.png)",
    f"![x]({E}/i.png)",
    f'![](https://{E}/?d=secret "t")',
    f"![x][i]\n\n[i]: https://{E}/i.png",
    f"!\\[x](https://{E})",
    f"![x](https://{ALLOWED}/i.png)",
    f"![x]\n\n[x]: https://{ALLOWED}/i.png",
    f"![a\nb](https://{E}/i.png)",
    f"![a [b](c) d](https://{E}/i.png)",
    "![x](i.png)",
    # autolinks and HTML
    f"<https://{E}>",
    f"<HTTPS://{E}>",
    f"<{E}>",
    "<javascript:alert(1)> <made-up:thing> <tel:+1> <slack:x>",
    f"<mailto:x@{E}?body=secret>",
    f"<https://{E}|label>",
    f"<a href='https://{E}'>x</a>",
    '<a href="//evil">x</a> <a href=evil>x</a> <a href="/x">y</a>',
    f"<img src=https://{E}/i.png> <img src='/x'> <img src=x onerror=alert(1)>",
    f"&lt;a href='https://{E}'&gt;x&lt;/a&gt;",
    f"&lt;https://{E}&gt;",
    "<script>alert(1)</script><iframe src=x></iframe>",
    # hiding
    f"ht​tps://{E} ww​w.{E} h\u00adttps://{E}",
    f"https\u2060://{E} https:\u200b//{E} [a]\u200b(https://{E})",
    f"https&#x200b;://{E} https&ZeroWidthSpace;://{E} https:&shy;//{E}",
    f"https&#58;//{E} https:&sol;&sol;{E} https:&#x2F;&#x2f;{E}",
    f"https\\://{E} https:\\/\\/{E} evil\\.com www\\.{E}",
    f"https&amp;colon;//{E} &amp;#104;ttps://{E}",
    f"*https*://{E} **https:**//{E} https:/**/**{E}",
    "evil&period;com evil&#46;com evil&#x2e;com www&period;evil&period;com",
    f"\u202ehttps://{E}",
    # code that is not code
    f"`https://{E}",
    f"``https://{E}`",
    f"`a``https://{E}",
    f"\\`https://{E}\\`",
    f"`a\\` https://{E} `",
    f"`a\n\nhttps://{E}`",
    f"`a\n- https://{E}`",
    f"`a\n# https://{E} `",
    f"`a\n> https://{E}`",
    f"`a\n```\nb\n```\nhttps://{E}`",
    f"`` a ` https://{E} ` b ``",
    f"```\ncode\n```\nhttps://{E}",
    f"```\ncode\n``` https://{E}",
    f"~~~\ncode\n~~~\nhttps://{E}",
    f"~~~\n```\n~~~\nhttps://{E}",
    f"````\n```\nhttps://{E}\n````\nhttps://{E}",
    f"```\n~~~\nhttps://{E}\n```\nhttps://{E}",
    f"``` a`b\nhttps://{E}",
    f"```a`\nhttps://{E}\n```",
    f"    ```\nhttps://{E}\n    ```",
    f"   ```\nhttps://{E}\n   ```\nhttps://{E}",
    f"- ```\n  code\n  ```\n  https://{E}",
    f"> ```\n> code\n\nhttps://{E}",
    f"> ```\nhttps://{E}\n> ```",
    f"1. ```\n\nhttps://{E}\n\n   ```",
    f"text\n```\nhttps://{E}",
    f"```\rcode\r```\rhttps://{E}",
    f"```\u2028https://{E}\u2028```",
    f"`\u2028\u2028https://{E}`",
    f"`a\x0c`https://{E}`\x0b`",
    f"&#96;https://{E}&#96; &grave;https://{E}&grave;",
    f"&#10;&#10;`https://{E}&#10;&#10;`",
    f"`a`b`https://{E}",
    f"| a | b |\n|---|---|\n| `x | https://{E} |\n| y` | [c](https://{E}) |",
    f"| `a | `https://{E}` |\n|---|---|\n| 1 | 2 |",
    # pairs that only together make a link
    f"[a](https://{ALLOWED}/ [b](https://{E})",
    f"[a](https://{ALLOWED})](https://{E})",
    f"[![a](x)](https://{E})",
    f"[a][https://{E}](https://{ALLOWED})",
    f"[a [wiki](https://{ALLOWED}) b](https://{E})",
    f"[a `code` b](https://{E})",
    f"[a](https://{ALLOWED}/?u=https://{E}@{E})",
    f"[x]( `y` )[a](https://{E})",
    f"]({E}) [a](",
    f"![[a](https://{E})",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_spelling_of_a_link_stays_alive_however_far_the_stream_has_come(text: str) -> None:
    for end in range(1, len(text) + 1):
        safe = safe_markdown(text[:end], [ALLOWED])
        assert live_parts(safe) == [], f"{text[:end]!r} became {safe!r}"
        assert live_parts(escape_markdown(safe), html=True) == [], f"{text[:end]!r} became {safe!r}"


@pytest.mark.parametrize("text", HOSTILE)
def test_without_listed_hosts_nothing_is_alive_and_saying_it_again_changes_nothing_alive(text: str) -> None:
    safe = safe_markdown(text)

    assert live_parts(safe) == []
    assert ALLOWED not in "".join(live_parts(safe))
    assert live_parts(safe_markdown(safe)) == []


FRAGMENTS = st.sampled_from(
    [
        *"[]()<>!`~*_\\|:./#&; \n\n",
        "](",
        "]:",
        "][",
        "![",
        "```",
        "\n```\n",
        "~~~",
        "``",
        "    ",
        "- ",
        "> ",
        "\\`",
        "\\[",
        "&#96;",
        "&lt;",
        "&#58;",
        "&colon;",
        "http",
        "https://",
        "://",
        "//",
        "www.",
        "www",
        "evil.com",
        "evil",
        ".com",
        "@",
        f"https://{ALLOWED}/x",
        "<https://",
        "[a]: ",
        "\n[a]: x\n",
        "[a]",
        '"t"',
        "\u200b",
        "\u00ad",
        "中",
        "。",
        "a",
        "| ",
        "\n|-|-|\n",
    ]
)


@settings(max_examples=600, deadline=None, derandomize=True)
@given(st.lists(FRAGMENTS, max_size=24).map("".join))
def test_no_heap_of_fragments_makes_a_link(text: str) -> None:
    safe = safe_markdown(text, [ALLOWED])

    assert live_parts(safe) == []
    assert live_parts(escape_markdown(safe), html=True) == []


BENIGN = [
    "Hello.",
    "You have 25 days of leave, plus 3 for moving house.",
    "3 < 5 and 7 > 2; a <- b, x -> y, <3",
    "# Title\n\nText with **bold**, *italic*, ~~gone~~.\n\n- one\n- two\n  - nested\n\n1. first\n2. second",
    "> quoted\n> twice\n\nafter",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "Use `pip install x` and `ls -la`.",
    "```python\nprint('https://example.com')  # stays\n\n\nx = [1](2)\n```",
    "Before\n\n```\nplain code\n```\n\nafter",
    "您有 25 天年假。请在「人事」系统里申请，谢谢！",
    "第一：打开系统；第二：点击「申请」。",
    "The meeting is at 10:30; ratio 3:1; see section 4.2.1.",
    "It costs 1,000.50 € (about 10%).",
    "R&D and AT&T; Tom & Jerry",
    "array[0] and f(x)[1], [x] done, [ ] to do",
    "Write to hr@acme.example, please.",
    "Emoji 👩‍👩‍👧 and 🏖️ and é",
    "C:\\Users\\me and \\d+ and 50 \\% off",
    "- [ ] open\n- [x] done",
    "Line one  \nline two",
    "e.g. this, i.e. that, etc. And so on... really",
    "don't 'quote' \"this\"",
    "",
    "\n",
    "one\n\n\n\ntwo",
]


@pytest.mark.parametrize("text", BENIGN)
def test_what_has_no_link_stays_as_it_is(text: str) -> None:
    assert safe_markdown(text, [ALLOWED]) == text


@pytest.mark.parametrize(
    "text",
    [
        f"See https://{ALLOWED}/leave?year=2026&part=2#how.",
        f"See [the wiki](https://{ALLOWED}/leave) first.",
        f"https://hr.{ALLOWED}/a and https://{ALLOWED}:8443/b",
        f"- [one](https://{ALLOWED}/1)\n- [two](https://{ALLOWED}/2)",
    ],
)
def test_links_to_listed_hosts_stay(text: str) -> None:
    assert safe_markdown(text, [ALLOWED]) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("See https://evil.com/a?b=1.", "See `https://evil.com/a?b=1`."),
        ("[the form](https://evil.com/f)", "the form (`https://evil.com/f`)"),
        ("![a chart](https://evil.com/c.png)", "a chart (`https://evil.com/c.png`)"),
        ("```\nstill open", "```\nstill open\n```"),
        ("~~~js\nx\n~~~", "```js\nx\n```"),
        ("an ` alone", "an ' alone"),
        ("``two`` and ``a ` b``", "`two` and `a ' b`"),
        ("line\r\nfeed", "line\nfeed"),
        ("hid\u200bden \U000e0041tag", "hidden tag"),
        ("&lt;b&gt; &amp; more", "<b> & more"),
    ],
)
def test_what_is_made_of_the_rest(text: str, expected: str) -> None:
    assert safe_markdown(text, [ALLOWED]) == expected


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.lists(st.sampled_from(["word", "两字", "**b**", " ", " ", "\n", "\n\n", "- x", "`c`", ", ", ". "])).map("".join)
)
def test_plain_prose_is_left_alone_twice(text: str) -> None:
    once = safe_markdown(text)

    assert safe_markdown(once) == once


BULKY = {
    "letters": "a" * 50_000 + ".",
    "letters and colons": "ab:" * 16_000 + ".",
    "scheme characters": "a+.-" * 12_500,
    "backticks": "`" * 50_000,
    "backtick runs of many lengths": " ".join("`" * (n % 300 + 1) for n in range(330)),
    "single and double backticks": "` `` " * 10_000,
    "opening brackets": "[" * 50_000,
    "closing brackets": "]" * 50_000,
    "pairs of brackets": "[]" * 25_000,
    "nested brackets": "[" * 25_000 + "]" * 25_000,
    "half links": "[a](" * 12_500,
    "half links with blanks": "[a](x " * 8_000,
    "one link with many blanks": "[a](" + " " * 50_000,
    "many links with many blanks": ("[a](" + " " * 500) * 100,
    "blanks before a title": "[a](x" + " " * 50_000 + '"',
    "nested parentheses": "[a](" + "(" * 50_000,
    "flat parentheses": "[a](" + "()" * 25_000,
    "angle brackets": "<" * 50_000,
    "dots": "." * 50_000,
    "short labels": "a." * 25_000,
    "numbers with dots": "1." * 25_000,
    "slashes": "/" * 50_000,
    "schemes": "http://" * 7_000,
    "domains": "evil.com " * 5_500,
    "one endless domain": "evil." * 10_000 + "com",
    "at signs": "a@" * 25_000,
    "ampersands": "&" * 50_000,
    "half entities": "&#1" * 16_000,
    "half entities by name": "&abcdefghijklmnopqrstuvwxyz" * 1_900,
    "backslashes": "\\" * 50_000,
    "fences": "```\n" * 12_500,
    "half fences": "~~~`\n" * 10_000,
    "blank lines": "\n" * 50_000,
    "blanks": " " * 50_000,
    "lines of blanks": (" " * 99 + "\n") * 500,
    "tabs between newlines": "\n\t" * 25_000,
    "www": "www." * 12_500,
    "colons and slashes": "://" * 16_000,
    "exclamation marks": "![" * 25_000,
    "underscores": "_" * 50_000,
    "minus": "-" * 50_000 + ".com",
    "Chinese": "年假" * 25_000 + "。",
    "Chinese dots": "年.假" * 16_000,
    "quotes": "\"'" * 25_000 + ".",
    "emoji": "🏖️" * 25_000 + ".",
}


@pytest.mark.parametrize("kind", BULKY)
def test_no_input_of_50_kilobytes_holds_the_event_loop(kind: str) -> None:
    """It runs on the loop at every edit. Doubling the input must not quadruple the time; the bound is generous."""
    text = BULKY[kind]
    began = time.process_time()

    safe_markdown(text, [ALLOWED])

    assert time.process_time() - began < 3  # quadratic, it takes minutes; a slow machine needs a second
