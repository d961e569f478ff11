"""Words that a rule turns on, in groups of the same meaning: one in a text must be in what the text rests on.

A fifth of the content words may differ between a sentence and its source; these may not.
"""

import re

# Each line is one meaning. A word of a line in the text needs a word of that line in the source.
_ENGLISH_GROUPS = """
before prior ahead beforehand advance earlier
after afterwards following later
until till
least minimum
most maximum upto within
more over above exceed exceeding exceeds beyond
less fewer under below
only solely exclusively
all every everybody everyone always
must required requires require mandatory need needs obliged obligatory shall
optional voluntary
except excluding excluded
included including includes include
paid
unpaid
full
half
part
double
free
automatically automatic
immediately once
yes
monday
tuesday
wednesday
thursday
friday
saturday
sunday
weekend weekends
january jan
february feb
march
april apr
june jun
july jul
august aug
september sep sept
october oct
november nov
december dec
today
tomorrow
noon midday
midnight
morning
afternoon
evening
night
day days daily
week weeks weekly
month months monthly
quarter quarters quarterly
year years annual annually yearly
hour hours hourly
minute minutes
percent
euro euros
dollar dollars
pound pounds
"""
_CHINESE_GROUPS = """
之前 以前 提前 事先 预先 前提交 前申请
之后 以后 后
至少 最少 不少于 不低于 起码
至多 最多 不超过 以内 之内 不得超过
以上 超过 多于 高于
以下 不足 少于 低于
仅 只能 只有 仅限 只限
全部 所有 一律 任何 每位 均 都
必须 须 应当 应 需要 需 务必 不得不
自愿 可选
除外 除非 除了
包括 包含 含
带薪 有薪 全薪
无薪 不带薪 停薪
半薪
免费
自动
立即 马上
是的 对的 没错
周一 星期一 礼拜一
周二 星期二 礼拜二
周三 星期三 礼拜三
周四 星期四 礼拜四
周五 星期五 礼拜五
周六 星期六 礼拜六
周日 星期日 星期天 礼拜天 周天
周末
今天 当天 当日
明天 次日
中午
上午
下午
晚上
每天 每日
每周
每月
每季 季度
每年 年度
"""
ENGLISH = {word: line for line in _ENGLISH_GROUPS.split("\n") for word in line.split()}
CHINESE = {word: tuple(line.split()) for line in _CHINESE_GROUPS.split("\n") for word in line.split()}
_LONGEST_FIRST = sorted(CHINESE, key=len, reverse=True)
_CHINESE_WORD = re.compile("|".join(map(re.escape, _LONGEST_FIRST)))
# Ordinary words in which one of those above only seems to stand.
_LOOKALIKES = re.compile(
    "前往|目前|当前|前台|后台|售后|落后|然后|背后|都市|对应|相应|应用|供应|反应|响应|适应|内含|含义|需求"
)

# What more than so much, up to so much comes to, before single words are looked at.
_PHRASES = (
    (re.compile(r"\bup to\b|\bno (?:more|longer|later) than\b|\bnot (?:more|longer|later) than\b"), "upto"),
    (re.compile(r"\bno (?:less|fewer|earlier) than\b|\bnot (?:less|fewer|earlier) than\b"), "least"),
    (re.compile(r"\b(?:have|has|had) to\b"), "must"),
    (re.compile(r"\bmay\b(?= \d)"), "may-month"),
)

_PERMISSION = frozenset("can could may allowed permitted able eligible entitled possible".split())
_CHINESE_PERMISSION = re.compile("可以|可|能够|允许|有权")

STOP_WORDS = frozenset(
    """a an the this that these those it its they them their he she his her we us our you your i me my who whom which
    what when where why how is are was were be been being am do does did doing have has had having will would shall
    should can could may might must of to in on at by for with from as into onto about and or but so if then than there
    here also too very just such please note however therefore more most some any other another own same s t re ve ll d
    m not no nor get gets got go goes don doesn isn aren won cannot""".split()
)
CHINESE_STOP = frozenset(
    "的了是在和与及或等也就而且但请您你我他她它们这那其此之于为以对从到把被将会能可有个并则即所吗呢吧啊呀"
)


def normalised(text: str) -> str:
    for pattern, word in _PHRASES:
        text = pattern.sub(word, text)
    return text


def permits(text: str) -> bool:
    """Whether the plain text allows something, negated or not."""
    words = set(re.findall(r"[a-z]+", normalised(text)))
    return not words.isdisjoint(_PERMISSION) or _CHINESE_PERMISSION.search(text) is not None


def rule_words(text: str) -> set[tuple[str, ...]]:
    """The meanings, as groups of words, that stand in the plain text."""
    words = re.findall(r"[a-z]+", normalised(text))
    english = {tuple(ENGLISH[word].split()) for word in words if word in ENGLISH}
    return english | {CHINESE[word] for word in _CHINESE_WORD.findall(_LOOKALIKES.sub(" ", text))}
