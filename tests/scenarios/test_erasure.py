"""What is not to be kept: somebody is erased while the service runs; secrets are never written down."""

import pytest

from storage.audit.opening import load_trail
from storage.audit.settings import AuditSettings
from storage.audit.store import AuditStore
from storage.database import Database
from storage.forgetting.erasing import ErasureStore
from storage.forgetting.traces import Person
from storage.knowledge.records import Author
from tests.scenarios.house import ALICE, BRUNO, GENERAL, House, scripted

CANARY = "canary-77ac"


async def test_a_person_is_erased_beside_the_running_service(house: House, caplog: pytest.LogCaptureFixture) -> None:
    await house.start()
    first = await house.ask(ALICE, GENERAL, f"{CANARY} one")
    assert await house.answered(GENERAL, first) == [scripted(f"{CANARY} one")]
    brunos = await house.ask(BRUNO, GENERAL, "what is mine")
    await house.answered(GENERAL, brunos)

    trail = load_trail(AuditSettings().files(house.folder))
    async with await Database.open(f"sqlite:///{house.folder / 'inthread.db'}") as database:
        erasures = ErasureStore(database, trail)
        erased = await erasures.erase(Person("slack", ALICE), "she asked", Author("cli", "", "root"), house.clock.now())
        assert erased.questions == 1
        assert [path.name for path in house.folder.iterdir() if CANARY.encode() in path.read_bytes()] == []
        again = await house.ask(ALICE, GENERAL, "she is back")
        assert await house.answered(GENERAL, again) == [scripted("she is back")]
        await house.stop()
        assert (await AuditStore(database, trail.keys).verify()).first_bad is None

    assert [path.name for path in house.folder.iterdir() if CANARY.encode() in path.read_bytes()] == []
    assert CANARY not in caplog.text


async def test_a_secret_is_never_written_down(house: House, caplog: pytest.LogCaptureFixture) -> None:
    await house.start()
    card, token = "4111 1111 1111 1111", "xox" + "b-123456789012-abcdefGHIJKL"

    asked = await house.ask(ALICE, GENERAL, f"my card {card} and {token}")

    assert await house.answered(GENERAL, asked) == [scripted("my card [card number removed] and [token removed]")]
    await house.stop()
    for secret in (card, token):
        assert [path.name for path in house.folder.iterdir() if secret.encode() in path.read_bytes()] == []
        assert secret not in caplog.text
