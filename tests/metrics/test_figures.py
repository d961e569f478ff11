"""What happens is counted where it happens: a whole service, scraped before and after."""

from functools import partial

from bot.sandbox import Fault
from tests.metrics.conftest import Figures, Scraper
from tests.scenarios.house import ALICE, GENERAL, HELP_HR, House

SLACK = {"platform": "slack"}


async def test_an_answer_is_counted_from_its_event_to_its_end(house: House, scraper: Scraper) -> None:
    await house.start(scripted={"words": 40, "words_per_second": 100})
    before = await scraper.figures()

    ts = await house.ask(ALICE, GENERAL, "count me")
    await house.answered(GENERAL, ts)
    replies = partial(Figures.__call__, name="inthread_replies_total", outcome="answered", **SLACK)
    after = await scraper.figures_when(lambda now: replies(now) > replies(before))

    def grown(name: str, **labels: str) -> float:
        return after(name, **labels) - before(name, **labels)

    assert grown("inthread_events_total", **SLACK, kind="new") == 1
    assert grown("inthread_events_total", **SLACK, kind="duplicate") == 1  # app_mention and message
    assert grown("inthread_replies_total", **SLACK, outcome="answered") == 1
    for name in ("reply", "queue_wait", "first_message", "first_text"):
        assert grown(f"inthread_{name}_seconds_count", **SLACK) == 1, name
    assert grown("inthread_first_token_seconds_count") == 1
    assert grown("inthread_tokens_per_second_count") == 1
    assert grown("inthread_tokens_total", kind="new") > 40
    assert grown("inthread_tokens_total", kind="prompt") > 0
    assert grown("inthread_edits_total", **SLACK) >= 1
    for kind in ("read", "write"):
        assert grown("inthread_database_seconds_count", kind=kind) > 0
    assert grown("inthread_first_message_seconds_sum", **SLACK) <= grown("inthread_first_text_seconds_sum", **SLACK)
    assert grown("inthread_first_text_seconds_sum", **SLACK) <= grown("inthread_reply_seconds_sum", **SLACK)
    assert after("inthread_line_waiting") == after("inthread_line_active") == 0


async def test_what_can_happen_is_at_zero_from_the_start(house: House, scraper: Scraper) -> None:
    await house.start()

    text = (await scraper.figures()).text

    for outcome in ("answered", "busy", "failed", "undeliverable", "withdrawn"):
        assert f'inthread_replies_total{{outcome="{outcome}",platform="slack"}}' in text
    assert "inthread_build_info{" in text
    assert 'inthread_model_info{model="scripted"' in text
    assert "inthread_loop_lag_seconds_count" in text


async def test_refusals_by_slack_are_counted_by_method(house: House, scraper: Scraper) -> None:
    await house.start()
    before = await scraper.figures()
    house.sandbox.faults.add(Fault("rate_limited", "chat.postMessage", nth=1, retry_after=1))

    ts = await house.ask(ALICE, HELP_HR, "slower please")
    await house.answered(HELP_HR, ts)

    after = await scraper.figures()
    limited = {**SLACK, "method": "chat.postMessage"}
    assert after("inthread_rate_limited_total", **limited) - before("inthread_rate_limited_total", **limited) == 1


async def test_reconnections_are_counted(house: House, scraper: Scraper) -> None:
    await house.start()
    before = await scraper.figures()

    await house.sandbox.kill_sockets()
    await house.until(lambda: house.sandbox.sockets == 0)
    await house.until(lambda: house.sandbox.sockets >= 2)

    assert (await scraper.figures())("inthread_reconnects_total", **SLACK) > before(
        "inthread_reconnects_total", **SLACK
    )
