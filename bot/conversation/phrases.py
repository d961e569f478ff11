"""Every sentence of the service's own that a person reads in a conversation, in each language."""

import re
from datetime import date
from typing import Literal

from bot.conversation.answer_phrases import ANSWER_PHRASES
from bot.conversation.editing_phrases import EDITING_PHRASES
from bot.conversation.fault_phrases import FAULT_PHRASES
from bot.conversation.telling_phrases import TELLING_PHRASES

Language = Literal["en", "zh"]

PHRASES: dict[str, dict[Language, str]] = {
    "working": {"en": "Working on it…", "zh": "正在处理…"},
    "loading": {
        "en": "I am just starting up and will answer in a moment…",
        "zh": "我正在启动，马上就来回答…",
    },
    "waiting": {
        "en": "Busy right now: you are number {position} in line.",
        "zh": "现在有点忙：您排在第 {position} 位。",
    },
    "waiting_estimate": {
        "en": "Busy right now: you are number {position} in line, about {seconds} seconds to go.",
        "zh": "现在有点忙：您排在第 {position} 位，大约还需 {seconds} 秒。",
    },
    "writing": {"en": "Writing…", "zh": "正在书写…"},
    "disclaimer": {
        "en": "Written by a small language model without company documents. Check what matters.",
        "zh": "由小型语言模型撰写，没有公司资料可依，重要内容请核实。",
    },
    "stop": {"en": "Stop", "zh": "停止"},
    "stopped": {"en": "Stopped on request.", "zh": "已按要求停止。"},
    "stopped_early": {"en": "Stopped before there was any text.", "zh": "在生成任何内容之前已停止。"},
    "cut_short": {
        "en": "The answer reached its length limit. Ask me to go on.",
        "zh": "回答已达到长度上限，可以让我继续。",
    },
    "went_in_circles": {
        "en": "I began to repeat myself and stopped there.",
        "zh": "我开始重复，已在此停止。",
    },
    "busy_line": {
        "en": "I cannot take more questions right now: {waiting} are waiting. Please ask again in about {minutes} min.",
        "zh": "目前无法接收更多问题：已有 {waiting} 个在等待。请大约 {minutes} 分钟后再问。",
    },
    "busy_person": {
        "en": "I am still at your earlier questions. Please ask this one again when they are answered.",
        "zh": "我还在处理您之前的问题，请等它们回答后再问这个问题。",
    },
    "too_long": {
        "en": "That is too long for me: about {tokens} tokens, and I can read {limit}. Please ask with less text.",
        "zh": "内容太长了：约 {tokens} 个词元，我最多能读 {limit} 个。请缩短后再问。",
    },
    "empty": {
        "en": "I am here. Write your question after my name, for example: how do I request leave?",
        "zh": "我在。请在提到我之后写下问题，例如：怎么申请年假？",
    },
    "no_words": {
        "en": "I have no answer to that. Please put it differently, or ask a colleague.",
        "zh": "这个问题我答不上来。请换个说法，或询问同事。",
    },
    "failed": {
        "en": "Something went wrong on my side, not in your question. Please ask again. (Incident {incident})",
        "zh": "我这边出了问题，与您的提问无关。请再问一次。（事件编号 {incident}）",
    },
    "late": {
        "en": "I was away when you asked: sorry for the late answer.",
        "zh": "您提问时我不在线，抱歉回复晚了。",
    },
    "ask_again": {"en": "Try again", "zh": "再试一次"},
    "restarting": {"en": "Restarting: I will go on in a moment.", "zh": "正在重启，马上继续。"},
    "interrupted": {
        "en": "I was interrupted while answering. Please ask again.",
        "zh": "回答过程中被中断了，请再问一次。",
    },
}

PHRASES |= {
    "command_received": {"en": "Working on it: the answer follows here…", "zh": "正在处理，回答稍后会出现在这里…"},
    "you_asked": {"en": "You asked: {question}", "zh": "您的问题：{question}"},
    "command_help": {
        "en": "Type `{command}` and your question, for example: `{command} How do I request leave?`\n"
        "{audience} To talk on, mention me in a channel or write me a direct message: I remember what was said there.\n"
        "`{command} privacy` shows what is kept of you.",
        "zh": "输入 `{command}` 加上您的问题，例如：`{command} 怎么申请年假？`\n"
        "{audience}如需连续对话，请在频道中提到我，或给我发私信：我会记住那里的上下文。\n"
        "`{command} 隐私` 可查看我保存的您的数据。",
    },
    "command_help_ephemeral": {"en": "Only you will see the answer.", "zh": "只有您能看到回答。"},
    "command_help_channel": {
        "en": "Everybody in the channel will see the question and the answer.",
        "zh": "频道里的所有人都能看到问题和回答。",
    },
    "home_title": {"en": "Ask me anything about working here", "zh": "工作上的问题，尽管问我"},
    "home_what": {
        "en": "• Mention me in a channel and I answer in the thread; follow-ups there need no mention.\n"
        "• Write me a direct message.\n• Type `{command}` and a question anywhere.\n"
        "• Press *Stop* while I write, and I stop.",
        "zh": "• 在频道中提到我，我会在消息列中回答；之后的追问无需再提到我。\n"
        "• 给我发私信。\n• 在任何地方输入 `{command}` 加问题。\n• 我书写时按“停止”，我就停下。",
    },
    "home_data": {
        "en": "*Your data.* {notice}\nI read only what is written to me and in threads that I was asked in.",
        "zh": "*您的数据。* {notice}\n我只阅读发给我的内容，以及我被问到的消息列。",
    },
    "home_last": {"en": "Your last questions", "zh": "您最近的问题"},
    "home_none": {"en": "You have not asked me anything yet.", "zh": "您还没有问过我问题。"},
    "home_refresh": {"en": "Show my last questions", "zh": "显示我最近的问题"},
    "home_ask": {"en": "Write me a message", "zh": "给我发消息"},
    "home_open": {"en": "Open", "zh": "打开"},
    "home_direct": {"en": "direct message", "zh": "私信"},
    "prompts_title": {"en": "For example", "zh": "例如"},
    "prompt_leave": {"en": "How do I request leave?", "zh": "怎么申请年假？"},
    "prompt_first_week": {"en": "What do I need to do in my first week?", "zh": "入职第一周我需要做什么？"},
    "prompt_password": {"en": "I forgot my password. What now?", "zh": "忘记密码了怎么办？"},
}

PHRASES |= ANSWER_PHRASES
PHRASES |= EDITING_PHRASES
PHRASES |= FAULT_PHRASES
PHRASES |= TELLING_PHRASES

_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_CHINESE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")


def language_of(text: str, setting: str = "auto") -> Language:
    """The language to speak to somebody who wrote this."""
    if setting == "en" or setting == "zh":
        return "en" if setting == "en" else "zh"
    return "zh" if _CHINESE.search(text) else "en"


def phrase(key: str, language: Language, **values: object) -> str:
    """The sentence `key`. Raises: KeyError, for a key or a value that is missing: both are our own mistakes."""
    return PHRASES[key][language].format(**values)


def day_text(day: date, language: Language) -> str:
    """A date as people write it, whatever the machine's locale: 12 Oct 2026, 2026年10月12日."""
    if language == "zh":
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
