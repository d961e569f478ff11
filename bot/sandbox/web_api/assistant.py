"""assistant.threads.* and agents.sessions.*: the status line, the title, suggested prompts, the state of a session."""

from bot.sandbox.errors import SlackError, invalid_arguments
from bot.sandbox.messages import IM
from bot.sandbox.web_api.arguments import Arguments
from bot.sandbox.web_api.channels import channel_for_reading
from bot.sandbox.web_api.methods import Answer, Context, Methods

methods = Methods()
SESSION_STATES = ("active", "processing", "suspended", "closed")
MAX_LOADING_MESSAGES, MAX_PROMPTS, MAX_TITLE = 10, 4, 200


@methods.add("assistant.threads.setStatus")
def set_status(context: Context, arguments: Arguments) -> Answer:
    channel_id, thread_ts = _thread(context, arguments)
    loading = arguments.json("loading_messages") or []
    if not isinstance(loading, list) or len(loading) > MAX_LOADING_MESSAGES:
        raise invalid_arguments(f"no more than {MAX_LOADING_MESSAGES} items allowed [json-pointer:/loading_messages]")
    context.statuses.show(channel_id, thread_ts, arguments.text("status"), [str(text) for text in loading])
    return {}


@methods.add("assistant.threads.setTitle")
def set_title(context: Context, arguments: Arguments) -> Answer:
    channel_id, thread_ts = _thread(context, arguments)
    context.statuses.rename(channel_id, thread_ts, arguments.required("title"))
    return {}


@methods.add("agents.sessions.rename")
def rename_session(context: Context, arguments: Arguments) -> Answer:
    return set_title(context, arguments)


@methods.add("assistant.threads.setSuggestedPrompts")
def set_suggested_prompts(context: Context, arguments: Arguments) -> Answer:
    prompts = arguments.json("prompts")
    if not isinstance(prompts, list) or not 1 <= len(prompts) <= MAX_PROMPTS:
        raise invalid_arguments(f"between 1 and {MAX_PROMPTS} items allowed [json-pointer:/prompts]")
    if any(not isinstance(prompt, dict) or not prompt.get("title") or not prompt.get("message") for prompt in prompts):
        raise invalid_arguments("each prompt needs title and message [json-pointer:/prompts]")
    channel = channel_for_reading(context.workspace, arguments.required("channel_id"))
    context.statuses.suggest(channel.id, [{"title": p["title"], "message": p["message"]} for p in prompts])
    return {}


@methods.add("agents.sessions.setStatus")
def set_session_status(context: Context, arguments: Arguments) -> Answer:
    channel_id, thread_ts = _thread(context, arguments)
    state = arguments.required("status")
    if state not in SESSION_STATES:
        raise invalid_arguments(f"status must be one of {', '.join(SESSION_STATES)}")
    status = context.statuses.set_session(channel_id, thread_ts, state, arguments.text("title")[:MAX_TITLE])
    answer: Answer = {"status": state, "agent_status": state, "title": status.title}
    if "agent_session_stopped" not in context.settings.subscriptions:
        answer["warning"] = "missing_agent_session_stopped_event_subscription"
    return answer


def _thread(context: Context, arguments: Arguments) -> tuple[str, str]:
    """(channel id, root ts) that exist. Raises: SlackError channel_not_found, not_in_channel, invalid_thread_ts."""
    channel = channel_for_reading(context.workspace, arguments.required("channel_id"))
    thread_ts = arguments.text("thread_ts")
    if not thread_ts and channel.kind != IM:
        raise invalid_arguments("missing required field: thread_ts")
    if thread_ts and thread_ts not in channel.messages:
        raise SlackError("invalid_thread_ts")
    return channel.id, thread_ts
