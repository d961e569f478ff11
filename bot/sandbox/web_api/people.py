"""Who is who: auth.test, users.*, usergroups.users.list, team.info, bots.info, and api.test."""

from bot.sandbox.cast import BOT, BOT_ID, BOT_NAME, BOT_USER_ID, TEAM_DOMAIN, TEAM_ID, TEAM_NAME, USER_GROUPS
from bot.sandbox.errors import SlackError
from bot.sandbox.messages import bot_profile
from bot.sandbox.web_api.arguments import Arguments
from bot.sandbox.web_api.methods import Answer, Context, Methods

methods = Methods()


@methods.add("api.test", token="none")
def api_test(context: Context, arguments: Arguments) -> Answer:
    if error := arguments.text("error"):
        raise SlackError(error, args=arguments.values)
    return {"args": arguments.values} if arguments.values else {}


@methods.add("auth.test")
def auth_test(context: Context, arguments: Arguments) -> Answer:
    return {
        "url": f"https://{TEAM_DOMAIN}.slack.com/",
        "team": TEAM_NAME,
        "user": BOT_NAME,
        "team_id": TEAM_ID,
        "user_id": BOT_USER_ID,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


@methods.add("users.info")
def user_info(context: Context, arguments: Arguments) -> Answer:
    person = context.workspace.person(arguments.required("user")).as_api()
    if not arguments.truth("include_locale"):
        del person["locale"]
    return {"user": person}


@methods.add("users.list")
def user_list(context: Context, arguments: Arguments) -> Answer:
    members = [person.as_api() for person in (*context.workspace.people.values(), BOT)]
    return {"members": members, "cache_ts": int(context.clock()), "response_metadata": {"next_cursor": ""}}


@methods.add("usergroups.users.list")
def user_group_members(context: Context, arguments: Arguments) -> Answer:
    wanted = arguments.required("usergroup")
    for group_id, _, members in USER_GROUPS:
        if group_id == wanted:
            return {"users": list(members)}
    raise SlackError("no_such_subteam")


@methods.add("team.info")
def team_info(context: Context, arguments: Arguments) -> Answer:
    url = f"https://{TEAM_DOMAIN}.slack.com/"
    return {
        "team": {"id": TEAM_ID, "name": TEAM_NAME, "domain": TEAM_DOMAIN, "url": url, "email_domain": "", "icon": {}}
    }


@methods.add("bots.info")
def bot_info(context: Context, arguments: Arguments) -> Answer:
    if arguments.text("bot", BOT_ID) != BOT_ID:
        raise SlackError("bot_not_found")
    return {"bot": bot_profile()}
