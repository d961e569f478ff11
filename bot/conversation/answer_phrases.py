"""What a person reads around answers: what they rest on, what can be done with them. Part of `phrases.PHRASES`."""

from typing import Literal

ANSWER_PHRASES: dict[str, dict[Literal["en", "zh"], str]] = {
    "verified_answer": {"en": "Verified answer", "zh": "已核实的答案"},
    "verified_on": {"en": "verified {day}", "zh": "核实于{day}"},
    "review_overdue": {"en": "review overdue", "zh": "已过复核日期"},
    "kept_in_en": {
        "en": "This is kept in English and shown as it is: policies are not translated.",
        "zh": "此内容只有英文版，按原文显示：制度内容不作翻译。",
    },
    "kept_in_zh": {
        "en": "This is kept in Chinese and shown as it is: policies are not translated.",
        "zh": "此内容只有中文版，按原文显示：制度内容不作翻译。",
    },
    "did_you_mean": {"en": "Did you mean one of these?", "zh": "您问的是不是下面这些？"},
    "none_of_these": {"en": "None of these", "zh": "都不是"},
    "choose_by_number": {"en": "Reply with a number.", "zh": "请回复序号。"},
    "no_verified_answer": {
        "en": "I have no verified answer to that.",
        "zh": "这个问题我没有经过核实的答案。",
    },
    "greeting": {
        "en": "Hello! What would you like to know? For example: how do I request leave?",
        "zh": "您好！想了解什么？例如：怎么申请年假？",
    },
    "thanked": {"en": "You are welcome.", "zh": "不客气。"},
    "ungrounded": {
        "en": "No verified answer: written by a small language model, without a source. Do not rely on it.",
        "zh": "没有经过核实的答案：由小型语言模型撰写，没有依据，请勿当作准则。",
    },
    "grounded": {
        "en": "Written by a small language model; its numbers, dates and links were checked against the source.",
        "zh": "由小型语言模型撰写，其中的数字、日期和链接已与出处核对。",
    },
    "written_from": {"en": "Written from", "zh": "依据"},
    "quoted_from": {"en": "Quoted from", "zh": "摘自"},
    "ask_people": {"en": "Ask a person", "zh": "询问同事"},
    "ask_people_title": {"en": "Ask a person?", "zh": "询问同事？"},
    "ask_people_text": {
        "en": "Your question and this conversation will be posted in the channel of those who look after such "
        "questions. Their answer comes back here.",
        "zh": "您的问题和本次对话将发布到负责此类问题的同事的频道，他们的回答会回到这里。",
    },
    "ask_people_yes": {"en": "Ask", "zh": "询问"},
    "ask_people_no": {"en": "Cancel", "zh": "取消"},
    "people_asked": {
        "en": "I have asked the people who look after this. Their answer will come here.",
        "zh": "我已询问负责的同事，他们的回答会出现在这里。",
    },
    "ask_people_done": {
        "en": "I have asked the people who look after this, and will bring you their answer.",
        "zh": "我已询问负责的同事，有了回答就告诉您。",
    },
    "escalation_lead": {"en": "*Somebody would like to know:*", "zh": "*有同事想了解：*"},
    "escalation_before": {"en": "*What was said so far:*", "zh": "*此前的对话：*"},
    "escalation_asked": {"en": "asked", "zh": "问"},
    "escalation_answered": {"en": "I answered", "zh": "我答"},
    "how_to_answer": {
        "en": "Answer in this thread: what you write goes to whoever asked, and becomes the draft of an entry. To talk "
        "among yourselves, begin with a mention of a colleague.",
        "zh": "请在此消息列中回答：您写的内容会转给提问的同事，并成为条目草稿。内部讨论请以提及某位同事开头。",
    },
    "answer_passed_on": {
        "en": "Passed on to everybody who asked, and kept as draft `{entry}`. What is written in this thread from now "
        "on is passed on too, unless it begins with a mention of a colleague.",
        "zh": "已转告所有提问的同事，并保存为草稿 `{entry}`。此后写在这里的内容也会转告，以提及某位同事开头的除外。",
    },
    "relayed": {
        "en": "A colleague answers what you asked: “{question}”. Not verified yet.",
        "zh": "同事回答了您的问题：“{question}”。尚未核实。",
    },
    "answered_privately": {
        "en": "You asked in a channel: “{question}” I answer here, where only you see it.",
        "zh": "您在频道中问：“{question}”我在这里回答，只有您能看到。",
    },
    "sensitive": {
        "en": "This is between you and people you trust. Talk to {contact}.",
        "zh": "这件事适合与您信任的人谈，请联系{contact}。",
    },
    "contact_in_general": {"en": "your HR contact", "zh": "人力资源部的联系人"},
    "thumb_up": {"en": "Helpful", "zh": "有帮助"},
    "thumb_down": {"en": "Not helpful", "zh": "没有帮助"},
    "feedback_title": {"en": "What was wrong?", "zh": "哪里不对？"},
    "feedback_label": {"en": "What would have helped you?", "zh": "怎样的回答才对您有帮助？"},
    "feedback_placeholder": {
        "en": "For example: the date is wrong, it is about something else…",
        "zh": "例如：日期不对、答非所问……",
    },
    "feedback_who_reads": {
        "en": "Read by those who look after the answers, together with your question.",
        "zh": "负责维护答案的同事会看到您的意见和您的问题。",
    },
    "feedback_send": {"en": "Send", "zh": "发送"},
    "feedback_close": {"en": "Close", "zh": "关闭"},
    "feedback_thanks": {"en": "Thank you: that helps to make the answers better.", "zh": "谢谢，这有助于改进答案。"},
}
