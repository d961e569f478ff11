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
