"""What whoever looks after the answers reads when they write them in the chat. Part of `phrases.PHRASES`."""

from typing import Literal

EDITING_PHRASES: dict[str, dict[Literal["en", "zh"], str]] = {
    "editors_only": {
        "en": "Only those who look after the answers may do that. Ask your administrators: *[slack] editors* in the "
        "settings says who they are.",
        "zh": "只有负责维护答案的同事才能这样做。请联系管理员：设置中的 *[slack] editors* 列出了这些同事。",
    },
    "no_such_entry": {
        "en": "There is no entry `{entry_id}`. `{command} list` shows those that there are.",
        "zh": "没有编号为 `{entry_id}` 的条目。用 `{command} list` 查看现有条目。",
    },
    "form_not_opened": {
        "en": "The form could not be opened: please try again.",
        "zh": "无法打开表单，请再试一次。",
    },
    "entry_too_long": {
        "en": "`{entry_id}` is too long for a form of Slack, which takes 3,000 characters in a field. "
        "Change it in a file: `inthread faq export`, then `inthread faq import`.",
        "zh": "`{entry_id}` 太长，Slack 表单的每个字段最多 3,000 个字符。请用 `inthread faq export` 导出后修改文件，"
        "再用 `inthread faq import` 导入。",
    },
    "form_add": {"en": "New entry", "zh": "新条目"},
    "form_edit": {"en": "Change an entry", "zh": "修改条目"},
    "form_save": {"en": "Save", "zh": "保存"},
    "form_close": {"en": "Close", "zh": "关闭"},
    "form_cancel": {"en": "Cancel", "zh": "取消"},
    "form_standing": {
        "en": "`{entry_id}`, revision {revision} by {author}, {day}",
        "zh": "`{entry_id}`，第 {revision} 版，{author}，{day}",
    },
    "field_entry_id": {"en": "Id", "zh": "编号"},
    "hint_entry_id": {
        "en": "Its name for good: letters, digits, _ - and . A translation ends in its language: bicycles_zh",
        "zh": "永久名称：字母、数字、_ - 和 . 译文以语言结尾：bicycles_zh",
    },
    "field_lang": {"en": "Language", "zh": "语言"},
    "field_question": {"en": "Question", "zh": "问题"},
    "field_variants": {"en": "Other ways to ask it", "zh": "其他问法"},
    "hint_variants": {
        "en": "One in a line, as people type them. Five are good, three the least.",
        "zh": "每行一个，照大家平时的输入方式写。五个为佳，至少三个。",
    },
    "field_answer": {"en": "Answer", "zh": "答案"},
    "hint_answer": {"en": "Markdown; shown word for word.", "zh": "Markdown 格式，逐字显示。"},
    "field_owner": {"en": "Whom to ask", "zh": "负责人"},
    "hint_owner": {"en": "An address or a channel.", "zh": "邮箱地址或频道。"},
    "field_audience": {"en": "Who may see it", "zh": "谁可以看到"},
    "hint_audience": {
        "en": "everyone, or channel:C… and group:S…, with commas between them.",
        "zh": "everyone，或 channel:C…、group:S…，以逗号分隔。",
    },
    "field_source_url": {"en": "Where the rule itself stands", "zh": "制度原文地址"},
    "field_review_by": {"en": "To be looked at again by", "zh": "下次复核日期"},
    "field_status": {"en": "Status", "zh": "状态"},
    "status_published": {"en": "Published: people are answered with it", "zh": "已发布：用于回答"},
    "status_draft": {"en": "Draft: nobody sees it", "zh": "草稿：无人可见"},
    "status_retired": {"en": "Retired: kept for the record", "zh": "已停用：仅存档"},
    "state_published": {"en": "published", "zh": "已发布"},
    "state_draft": {"en": "draft", "zh": "草稿"},
    "state_retired": {"en": "retired", "zh": "已停用"},
    "field_confirmed": {"en": "Verified", "zh": "核实"},
    "confirmed_today": {"en": "I have made sure that the answer is right", "zh": "我已确认答案正确"},
    "lang_en": {"en": "English", "zh": "英文"},
    "lang_zh": {"en": "Chinese", "zh": "中文"},
    "saved_title": {"en": "Saved", "zh": "已保存"},
    "saved_entry": {
        "en": "`{entry_id}` is saved: revision {revision}, {status}. The change is on record with your name.",
        "zh": "`{entry_id}` 已保存：第 {revision} 版，{status}。此次修改已连同您的名字记录在案。",
    },
    "list_title": {"en": "Entries", "zh": "条目"},
    "list_changed_last": {
        "en": "Those that were changed last. `{command} list WORDS` looks for others.",
        "zh": "最近修改的条目。用 `{command} list 关键词` 查找其他条目。",
    },
    "list_found": {
        "en": "Published entries with “{words}”, best first.",
        "zh": "包含“{words}”的已发布条目，最相关的在前。",
    },
    "list_none": {"en": "There are none. `{command} add` writes one.", "zh": "没有条目。用 `{command} add` 新建。"},
    "list_edit": {"en": "Change", "zh": "修改"},
    "entry_changed": {
        "en": "Somebody has changed the entry since you opened it: close this and open it again.",
        "zh": "您打开之后有人修改了该条目：请关闭后重新打开。",
    },
    "command_help_editors": {
        "en": "You look after the answers: `{command} add`, `{command} edit ID`, `{command} list` or "
        "`{command} list WORDS`.",
        "zh": "您负责维护答案：`{command} add`、`{command} edit 编号`、`{command} list` 或 `{command} list 关键词`。",
    },
}
