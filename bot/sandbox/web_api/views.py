"""views.open, push, update, publish."""

from bot.sandbox.web_api.arguments import Arguments
from bot.sandbox.web_api.methods import Answer, Context, Methods

methods = Methods()


@methods.add("views.open")
@methods.add("views.push")
def open_view(context: Context, arguments: Arguments) -> Answer:
    trigger_id = arguments.text("trigger_id") or arguments.required("interactivity_pointer")
    user = context.interactions.use_trigger(trigger_id)
    return {"view": context.views.open(user, arguments.json("view")).as_api()}


@methods.add("views.update")
def update_view(context: Context, arguments: Arguments) -> Answer:
    view = context.views.find(arguments.text("view_id"), arguments.text("external_id"))
    context.views.change(view, arguments.json("view"), arguments.text("hash"))
    return {"view": view.as_api()}


@methods.add("views.publish")
def publish_view(context: Context, arguments: Arguments) -> Answer:
    user = context.workspace.person(arguments.required("user_id"))
    return {"view": context.views.publish_home(user.id, arguments.json("view")).as_api()}
