"""The way to Slack: tokens here, then what Slack says of them."""

from bot.clock import Clock
from bot.doctor.findings import Finding, failed, note, ok, warning
from bot.platforms.slack.examination import OPTIONAL_SCOPES, Examined, examine_app_token, examine_bot_token
from bot.settings import Settings

MOST_SECONDS_APART = 60.0  # signatures of Slack's requests are good for 300

PREFIXES = {"SLACK_BOT_TOKEN": "xoxb-", "SLACK_APP_TOKEN": "xapp-"}


def check_tokens(settings: Settings) -> Finding:
    slack = settings.slack
    tokens = {
        "SLACK_BOT_TOKEN": slack.bot_token.get_secret_value(),
        "SLACK_APP_TOKEN": slack.app_token.get_secret_value(),
    }
    if slack.is_on and slack.missing_secrets:
        missing = " and ".join(slack.missing_secrets)
        return failed("tokens", f"Slack is on without {missing}", f"set {missing} in the environment of the service")
    strange = [name for name, token in tokens.items() if token and not token.startswith(PREFIXES[name])]
    if strange:
        name = strange[0]
        return failed("tokens", f"{name} does not begin with {PREFIXES[name]}", "look whether two were exchanged")
    if slack.is_on:
        return ok("tokens", "set, for " + ("HTTP" if slack.mode == "http" else "Socket Mode"))
    if slack.enabled is None and any(tokens.values()):
        missing = " and ".join(slack.missing_secrets)
        return failed("tokens", f"{missing} is not set, so Slack stays off", f"set {missing} as well, or neither")
    if settings.web.enabled:
        return note("tokens", "Slack is off: the browser chat is served alone")
    mend = "set SLACK_BOT_TOKEN and SLACK_APP_TOKEN, or [web] enabled; `inthread run --sandbox` works without"
    return note("tokens", "Slack is off and so is the browser chat: nothing to serve", mend)


async def check_slack(settings: Settings, clock: Clock, *, connect: bool) -> list[Finding]:
    """Reachability, scopes, clock, and with `connect` the app token. Empty when there is no token to ask with."""
    if not settings.slack.bot_token.get_secret_value():
        return [note("clock", "not compared: Slack was not asked")]
    examined = await examine_bot_token(settings.slack, clock)
    findings = [_reached(examined, settings)]
    if examined.is_reached and not examined.error:
        findings.append(_scopes(examined))
    findings.append(_clock(examined))
    if connect and settings.slack.app_token.get_secret_value():
        findings.append(_connected(await examine_app_token(settings.slack, clock)))
    return findings


def _reached(examined: Examined, settings: Settings) -> Finding:
    if not examined.is_reached:
        place = settings.slack.api_url if not settings.slack.proxy else f"{settings.slack.api_url} through the proxy"
        mend = "check network, DNS and [slack] proxy; the service waits until Slack is back"
        return failed("Slack", f"{place} is not reached ({examined.error})", mend)
    if examined.error:
        mend = "take the Bot User OAuth Token from the app's page, Install App, for SLACK_BOT_TOKEN"
        return failed("Slack", f"refuses the bot token ({examined.error})", mend)
    return ok("Slack", f"reached: {examined.user} in {examined.team}")


def _scopes(examined: Examined) -> Finding:
    if examined.missing_scopes is None:
        return note("scopes", "not told by this server")
    missing = examined.missing_scopes
    mend = "update the app from bot/platforms/slack/manifest.json and reinstall it to the workspace"
    if missing and OPTIONAL_SCOPES.keys() >= set(missing):
        lost = "; ".join(f"{scope} ({OPTIONAL_SCOPES[scope]})" for scope in missing)
        return warning("scopes", f"missing: {lost}", mend)
    if missing:
        return failed("scopes", f"missing: {', '.join(missing)}", mend)
    return ok("scopes", "all that the manifest asks for")


def _clock(examined: Examined) -> Finding:
    ahead = examined.seconds_ahead
    if ahead is None:
        return note("clock", "not compared: Slack did not say its time")
    says = (
        "agrees with Slack's"
        if abs(ahead) <= 2
        else f"{abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} Slack's"
    )
    if abs(ahead) > MOST_SECONDS_APART:
        return warning("clock", says, "let NTP set it (systemd-timesyncd or chrony): times in the record are wrong")
    return ok("clock", says)


def _connected(examined: Examined) -> Finding:
    if examined.error:
        mend = "make an app-level token with the scope connections:write and set it as SLACK_APP_TOKEN"
        return failed("Socket Mode", f"no connection with the app token ({examined.error})", mend)
    return ok("Socket Mode", "the app token opens a connection")
