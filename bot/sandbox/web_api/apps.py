"""apps.connections.open: the ticket for one socket."""

from bot.sandbox.cast import APP_ID
from bot.sandbox.web_api.arguments import Arguments
from bot.sandbox.web_api.methods import Answer, Context, Methods

methods = Methods()


@methods.add("apps.connections.open", token="app")
def open_connection(context: Context, arguments: Arguments) -> Answer:
    base = context.interactions.base_url.replace("http", "ws", 1)
    return {"url": f"{base}link/?ticket={context.socket_mode.issue_ticket()}&app_id={APP_ID}"}
