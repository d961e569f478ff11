"""What is wrong with an entry, for whoever writes it. Part of `phrases.PHRASES`.

The English stands behind the line of a file as well: it begins small, and has no stop at its end.
"""

from typing import Literal

FAULT_PHRASES: dict[str, dict[Literal["en", "zh"], str]] = {
    "fault_no_id": {
        "en": "there is no id: give the entry one that stays, such as annual_leave",
        "zh": "没有编号：请给条目一个永久不变的编号，例如 annual_leave",
    },
    "fault_bad_id": {
        "en": "{entry_id!r} is no id: letters, digits, `_`, `-` and `.`, at most {most} of them",
        "zh": "“{entry_id}”不是有效的编号：只能用字母、数字、`_`、`-` 和 `.`，最多 {most} 个字符",
    },
    "fault_taken_id": {
        "en": "there is an entry {entry_id} already: take another id, or edit it",
        "zh": "已有编号为 {entry_id} 的条目：请换一个编号，或修改该条目",
    },
    "fault_no_lang": {"en": "there is no lang: write en or zh", "zh": "没有语言：请填写 en 或 zh"},
    "fault_unknown_lang": {
        "en": "unknown language {lang!r}: write en or zh",
        "zh": "未知的语言“{lang}”：请填写 en 或 zh",
    },
    "fault_no_question": {"en": "there is no question", "zh": "没有问题"},
    "fault_empty_variant": {"en": "a variant is empty: take it out", "zh": "有一个问法是空的：请删掉"},
    "fault_long_phrasing": {
        "en": "{begins!r}… has {length:,} characters, {most:,} are the most in a question",
        "zh": "“{begins}…”有 {length:,} 个字符，一个问法最多 {most:,} 个",
    },
    "fault_asked_elsewhere": {
        "en": "{entries} is asked in these words already",
        "zh": "已有条目使用这个问法：{entries}",
    },
    "fault_no_answer": {
        "en": "there is no answer: write one, or leave the entry out",
        "zh": "没有答案：请写上答案，或不要这个条目",
    },
    "fault_long_answer": {
        "en": "the answer has {length:,} characters, {most:,} are the most",
        "zh": "答案有 {length:,} 个字符，最多 {most:,} 个",
    },
    "fault_long_owner": {
        "en": "owner has {length:,} characters, {most:,} are the most",
        "zh": "负责人有 {length:,} 个字符，最多 {most:,} 个",
    },
    "fault_long_source_url": {
        "en": "source_url has {length:,} characters, {most:,} are the most",
        "zh": "制度原文地址有 {length:,} 个字符，最多 {most:,} 个",
    },
    "fault_bad_source_url": {
        "en": "{address!r} is no address: write https://… or leave it out",
        "zh": "“{address}”不是网址：请填写 https://… 格式的地址，或留空",
    },
    "fault_unknown_audience": {
        "en": "unknown audience {audience!r}: write everyone, channel:C… or group:S…",
        "zh": "未知的范围“{audience}”：请填写 everyone、channel:C… 或 group:S…",
    },
    "fault_everyone_and_others": {
        "en": "everyone beside others makes no sense: leave out the one or the others",
        "zh": "everyone 不能与其他范围并列：请只保留其一",
    },
}
