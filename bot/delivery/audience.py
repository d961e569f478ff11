"""What may be shown where a question was asked, as entries name it.

Whoever reads the place reads the answer: an entry for a channel may be shown there, whoever asks; nothing that is for
the asker alone may be shown to a channel.
"""

from storage.records import Reply


def audience_of(reply: Reply) -> frozenset[str]:
    return frozenset({f"channel:{reply.channel}"})
