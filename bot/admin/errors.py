"""Why a page is not shown.

Refused             a status and a sentence of ours, safe to show
└── SignedOut       nobody is signed in: the page that asks who it is, then the way back
"""

from http import HTTPStatus


class Refused(Exception):
    def __init__(self, status: HTTPStatus, sentence: str, **values: object) -> None:
        """`sentence`: as `words.Words` knows it, with its `values`."""
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.values = values


class SignedOut(Refused):
    def __init__(self) -> None:
        super().__init__(HTTPStatus.UNAUTHORIZED, "Sign in first.")


def not_found() -> Refused:
    return Refused(HTTPStatus.NOT_FOUND, "There is no such page, or it is gone.")


def forbidden() -> Refused:
    return Refused(HTTPStatus.FORBIDDEN, "Your roles do not open this page. Ask whoever looks after the accounts.")


def bad_request(sentence: str, **values: object) -> Refused:
    return Refused(HTTPStatus.BAD_REQUEST, sentence, **values)


def changed_meanwhile() -> Refused:
    return Refused(HTTPStatus.CONFLICT, "Somebody changed the entry at this moment: look at it, then try again.")
