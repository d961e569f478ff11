"""Everything in a text that leads somewhere or calls somebody: links, domains, e-mail addresses, mentions.

Wider than what any client makes a link of: one found too many costs a quotation, one missed a wrong address.
"""

import re

_REST = r"[^\s<>\"'`，。；：！？、（）「」《》“”]"
# Chinese is written without blanks: what is ASCII ends where the ASCII ends.
_ADDRESS = re.compile(
    rf"[a-z][a-z0-9+.-]{{0,30}}://{_REST}+"
    rf"|(?:mailto|tel|sip|xmpp):{_REST}+"
    r"|[a-z0-9._%+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)*"
    r"|(?<![a-z0-9.])[@#][\w.-]+|<[@!#][^>]*>"
    r"|(?<![a-z0-9@.-])(?:[a-z0-9-]+[.。])+[a-z][a-z0-9-]+(?:[:/?#][\x21-\x7e]*)?"
    # Dotted names in other scripts, and those that mix them.
    r"|(?<![\w@])(?:[^\W_]|-)+(?:[.](?:[^\W_]|-)+)*[.][^\W\d_]{2,}"
)
_ENDS_SENTENCES = ".,;:!?)\"'…"


def find_addresses(text: str) -> set[str]:
    """Of plain text: each as it is written, without the marks that end a sentence."""
    found = (address[0].rstrip(_ENDS_SENTENCES).replace("。", ".") for address in _ADDRESS.finditer(text))
    return {address for address in found if address}
