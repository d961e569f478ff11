"""What owners of answers read without having asked: gaps, reviews. Part of `phrases.PHRASES`."""

from typing import Literal

TELLING_PHRASES: dict[str, dict[Literal["en", "zh"], str]] = {
    "digest_head": {
        "en": "**What nothing answered**, of the last {days} days, the most asked first.",
        "zh": "**最近 {days} 天没有得到答案的问题**，问得最多的在前。",
    },
    "gap": {
        "en": "“{question}”\nAsked {times} ×, by {people} (people).",
        "zh": "“{question}”\n被问 {times} 次，共 {people} 人。",
    },
    "gap_also": {"en": "Also: {texts}", "zh": "其他问法：{texts}"},
    "gap_near": {"en": "Nearest: “{title}” ({entry_id})", "zh": "最接近：“{title}”（{entry_id}）"},
    "gap_create": {"en": "Create entry", "zh": "新建条目"},
    "gap_variant": {"en": "Add as variant", "zh": "加为问法"},
    "gap_variant_title": {"en": "Add as variant?", "zh": "加为问法？"},
    "gap_variant_text": {
        "en": "Whoever asks “{question}” is then answered with “{title}”.",
        "zh": "之后，问“{question}”的人会得到“{title}”的答案。",
    },
    "gap_variant_yes": {"en": "Add", "zh": "添加"},
    "gap_variant_no": {"en": "Cancel", "zh": "取消"},
    "gap_dismiss": {"en": "Dismiss", "zh": "忽略"},
    "gap_created": {"en": "✓ {by} has written an entry.", "zh": "✓ {by} 已新建条目。"},
    "gap_added": {"en": "✓ {by} has added it to {entry_id}.", "zh": "✓ {by} 已将其加入 {entry_id}。"},
    "gap_dismissed": {"en": "✓ {by} has put it aside.", "zh": "✓ {by} 已忽略。"},
    "gap_gone": {
        "en": "Somebody else was faster, or it is gone: look at the message again.",
        "zh": "已由他人处理，或已不存在：请重新查看该消息。",
    },
    "variant_not_added": {
        "en": "It could not be added to `{entry_id}`: the entry was retired, or changed just now. Please try again.",
        "zh": "无法加入 `{entry_id}`：该条目已停用，或刚刚被修改。请再试一次。",
    },
    "variant_refused": {"en": "It was not added: {says}", "zh": "未添加：{says}"},
    "reviews_head": {
        "en": "**To be looked at again**: is this still right? Who has made sure ticks the box in the form.",
        "zh": "**需要复核**：以下内容是否仍然正确？确认后请在表单中勾选。",
    },
    "review_due": {"en": "“{title}” ({entry_id}), by {day}.", "zh": "“{title}”（{entry_id}），截止 {day}。"},
    "review_late": {
        "en": "“{title}” ({entry_id}), was due on {day}: people are told that its review is overdue.",
        "zh": "“{title}”（{entry_id}），已于 {day} 到期：提问者会看到“已过复核日期”。",
    },
    "review_late_withheld": {
        "en": "“{title}” ({entry_id}), was due on {day}: nobody is answered with it any more.",
        "zh": "“{title}”（{entry_id}），已于 {day} 到期：不再用于回答。",
    },
    "review_open": {"en": "Look at it", "zh": "查看"},
}
