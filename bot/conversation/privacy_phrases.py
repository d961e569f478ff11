"""What people are told about what is kept of them, in each language. The notice itself can be written anew: [audit]."""

import re
from typing import Literal

Language = Literal["en", "zh"]

PRIVACY_PHRASES: dict[str, dict[Language, str]] = {
    "notice": {
        "en": "What I keep: your questions, my answers and your feedback, for {days} days, on a machine of your "
        "company; that you asked, without words and under a code name, for {header_days} days. Auditors of your "
        "company can read them, each time with a reason that is recorded. {way}",
        "zh": "我会保存：您的提问、我的回答和您的反馈，在贵公司自己的机器上保存 {days} 天；您提过问这一事实（不含文字，"
        "以代号记录）保存 {header_days} 天。贵公司的审计人员可以阅读，每次都须说明理由并留下记录。{way}",
    },
    "way_command": {
        "en": "Type `/faq privacy` to see, take or erase what is yours.",
        "zh": "输入 `/faq privacy` 可查看、导出或删除您的数据。",
    },
    "way_page": {
        "en": "Under “What is kept about me” you can see, take or erase what is yours.",
        "zh": "在“我的数据”中可查看、导出或删除您的数据。",
    },
    "privacy_where": {
        "en": "What I keep of yours is shown to you alone: type `/faq privacy` in Slack, or open “What is kept about "
        "me” in the browser chat, to see, take or erase it.",
        "zh": "我保存的您的数据只向您本人显示：请在 Slack 中输入 `/faq privacy`，或在网页聊天中打开“我的数据”，"
        "即可查看、导出或删除。",
    },
    "privacy_held": {
        "en": "I hold, since {since}: your questions with their answers ({questions}), your feedback ({judgements}), "
        "and what the audit log has of all that, with what you changed or deleted ({texts}).",
        "zh": "自 {since} 起，我保存着：您的提问及其回答（{questions} 个）、您的反馈（{judgements} 条），"
        "以及审计日志中的相关文字，包括您修改或删除过的内容（{texts} 段）。",
    },
    "privacy_nothing": {
        "en": "I hold nothing that you asked or said.",
        "zh": "我没有保存您的任何提问或言论。",
    },
    "privacy_export": {"en": "Send me all of it", "zh": "把全部数据发给我"},
    "privacy_erase": {"en": "Erase it", "zh": "删除"},
    "privacy_sure": {"en": "Erase everything?", "zh": "确定全部删除？"},
    "privacy_sure_text": {
        "en": "Your questions, their answers and your feedback will be gone here for good. Messages in Slack stay.",
        "zh": "您的提问、回答和反馈将在这里永久删除。Slack 中的消息不受影响。",
    },
    "privacy_keep": {"en": "Keep it", "zh": "保留"},
    "privacy_erased": {
        "en": "Erased: your questions with their answers ({questions}), and the keys to what the log said about them.",
        "zh": "已删除：{questions} 个提问及其回答，以及日志中相关内容的密钥。",
    },
    "privacy_under_hold": {
        "en": "Your company has to keep this for now, for a legal reason: nothing was erased. Please ask somebody "
        "there.",
        "zh": "贵公司目前因法律原因必须保留这些数据，未作删除。请联系公司相关人员。",
    },
    "privacy_file": {
        "en": "All that I hold of yours, as JSON.",
        "zh": "我保存的您的全部数据（JSON 格式）。",
    },
    "privacy_export_lead": {
        "en": "All that I hold of yours, as JSON, in {parts} messages:",
        "zh": "我保存的您的全部数据（JSON 格式），共 {parts} 条消息：",
    },
}
_ASKS = re.compile(
    r"\s*(?:/?faq\s+)?(?:"
    + "|".join(
        (
            "privacy",
            "my data",
            r"what (?:data )?do you (?:hold|keep|store|know|have) (?:about|on|of) me",
            r"what (?:data )?is (?:held|kept|stored) (?:about|on|of) me",
            "隐私",
            "我的(?:数据|隐私)",
            "[你您]们?(?:保存|存储|记录|知道|有)了?(?:关于)?(?:哪些|什么)?(?:关于)?我的?(?:哪些|什么)?(?:数据|信息)?",
        )
    )
    + r")\s*[?？.。!！]*\s*",
    re.IGNORECASE,
)


def asks_about_own_data(text: str) -> bool:
    """Whether somebody wants to know what is kept about them, and says nothing else."""
    return _ASKS.fullmatch(text) is not None
