"""What may stand of what a model wrote from a passage, in both languages."""

import pytest

from bot.conversation.grounded import GroundedText, Written, grounded_prompt, quoted
from bot.conversation.knowledge.grounding.checking import Fault, Grounds
from bot.conversation.prompt import QuestionTooLong
from tests.shelf import a_passage

LEAVE = a_passage(
    "Full-time employees earn 20 days of paid leave a year (1.67 days a month). Up to 5 unused days carry over to "
    "31 March. Leave that is not taken by then is lost.\n\nAsk at least 10 working days ahead for more than 3 days in "
    "Workday, or write to leave@acme.test. Managers answer within 3 working days. Dogs are not allowed in the office.",
    "Employee handbook",
    "Annual leave",
)
PAY = a_passage("Salaries are paid on the 25th of each month. Overtime is paid at 150%.", "Employee handbook", "Pay")
NIANJIA = a_passage(
    "全职员工每年享有20天带薪年假，未休完的年假最多可结转5天，有效期至次年3月31日。\n\n"
    "请至少提前10个工作日在Workday中提交申请；经理会在3个工作日内答复。逾期未休的年假作废，不予补偿。办公室内不允许带宠物。",
    "员工手册",
    "年假",
    lang="zh",
)


def faults(sentence: str, language: str = "en") -> set[Fault]:
    grounds = Grounds([LEAVE, PAY] if language == "en" else [NIANJIA], language)
    return set(grounds.check_sentence(sentence).faults)


@pytest.mark.parametrize(
    "sentence",
    [
        "Full-time employees earn 20 days of paid leave a year.",
        "Full-time employees earn twenty days of paid leave each year.",
        "You can carry over up to 5 unused days to 31 March.",
        "No more than 5 unused days carry over.",
        "Leave not taken by then is lost.",
        "Ask at least 10 working days ahead in Workday for more than 3 days.",
        "Managers answer within 3 working days.",
        "Please write to leave@acme.test.",
        "Salaries are paid on the 25th of each month.",
        "Dogs aren't allowed in the office.",
    ],
)
def test_what_the_passage_says_may_be_said(sentence: str) -> None:
    assert faults(sentence) == set()


@pytest.mark.parametrize(
    ("sentence", "fault"),
    [
        ("Full-time employees earn 25 days of paid leave a year.", Fault.FIGURE),
        ("Full-time employees earn twenty-five days of paid leave a year.", Fault.FIGURE),
        ("Full-time employees earn 20 weeks of paid leave a year.", Fault.FIGURE),
        ("Up to 5 unused days carry over to 31 May.", Fault.FIGURE),
        ("Up to 10 unused days carry over to 31 March.", Fault.FIGURE),
        ("Ask at least 10 days ahead for more than 3 days.", Fault.FIGURE),
        ("Overtime is paid at 150 euros.", Fault.FIGURE),
        ("Write to hr@acme.test.", Fault.ADDRESS),
        ("Ask in Workday at https://workday.acme.test.", Fault.ADDRESS),
        ("Ask @dana in Workday at least 10 working days ahead.", Fault.ADDRESS),
        ("Ask at most 10 working days ahead for more than 3 days.", Fault.RULE),
        ("Full-time employees must carry over 5 unused days.", Fault.RULE),
        ("Part-time employees earn 20 days of paid leave a year.", Fault.RULE),
        ("Full-time employees earn 20 days of unpaid leave a year.", Fault.RULE),
        ("Yes, up to 5 unused days carry over.", Fault.RULE),
        ("Salaries are paid on Monday the 25th of each month.", Fault.RULE),
        ("Leave that is taken by then is lost.", Fault.NEGATION),
        ("Dogs are allowed in the office.", Fault.NEGATION),
        ("Up to 5 unused days do not carry over.", Fault.NEGATION),
        ("Сотрудники get 20 days of paid leave a year.", Fault.SCRIPT),
        ("员工每年有20天带薪年假。", Fault.SCRIPT),
        ("The canteen serves lunch and the gym is open to employees.", Fault.OVERLAP),
        ("It is.", Fault.EMPTY),
    ],
)
def test_what_it_does_not_say_may_not(sentence: str, fault: Fault) -> None:
    assert fault in faults(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "全职员工每年享有20天带薪年假。",
        "您每年有二十天带薪年假。",
        "年假最多可结转5天，有效期至次年3月31日。",
        "请至少提前10个工作日提交申请。",
        "经理会在3个工作日内答复。",
        "逾期未休的年假作废。",
        "请在Workday中提交申请。",
    ],
)
def test_in_chinese_too(sentence: str) -> None:
    assert faults(sentence, "zh") == set()


@pytest.mark.parametrize(
    ("sentence", "fault"),
    [
        ("全职员工每年享有25天带薪年假。", Fault.FIGURE),
        ("全职员工每年享有二十五天带薪年假。", Fault.FIGURE),
        ("年假最多可结转５０天。", Fault.FIGURE),
        ("请至少提前10天提交申请。", Fault.FIGURE),
        ("有效期至次年6月30日。", Fault.FIGURE),
        ("请联系hr@acme.test。", Fault.ADDRESS),
        ("请在https://wd.acme.test提交申请。", Fault.ADDRESS),
        ("请最多提前10个工作日提交申请。", Fault.RULE),
        ("全职员工每年享有20天无薪年假。", Fault.RULE),
        ("是的，年假最多可结转5天。", Fault.RULE),
        ("逾期未休的年假会补偿。", Fault.NEGATION),
        ("办公室内允许带宠物。", Fault.NEGATION),
        ("未休完的年假不可结转。", Fault.NEGATION),
        ("Full-time employees get 20 days.", Fault.SCRIPT),
        ("食堂提供免费午餐和健身房。", Fault.OVERLAP),
    ],
)
def test_what_it_does_not_say_in_chinese(sentence: str, fault: Fault) -> None:
    assert fault in faults(sentence, "zh")


# ── a growing text ───────────────────────────────────────────────────────────


def written(*pieces: str, is_whole: bool = True) -> tuple[list[str], Written]:
    """What was shown while the text grew, and what may stand in the end."""
    text, shown, checked = "", [], GroundedText([LEAVE, PAY], "en")
    for piece in pieces:
        text += piece
        goes_on = checked.take(text)
        shown.append(checked.shown)
        if not goes_on:
            break
    return shown, checked.end(text, is_whole=is_whole)


def test_a_sentence_is_shown_once_it_is_whole_and_checked() -> None:
    shown, last = written("Managers answer within ", "3 working days. Dogs ", "are not allowed", " in the office.")
    assert shown == ["", "Managers answer within 3 working days.", *["Managers answer within 3 working days."] * 2]
    assert last.text == "Managers answer within 3 working days. Dogs are not allowed in the office."
    assert (last.passages, last.fault) == ((LEAVE,), None)


def test_the_first_sentence_that_does_not_stand_ends_it() -> None:
    shown, last = written("Managers answer within 3 working days. ", "They decide in 1 hour. ", "Never shown.")
    assert len(shown) == 2
    assert (last.text, last.fault) == ("Managers answer within 3 working days.", Fault.FIGURE)


def test_what_stands_on_several_passages_cites_them_in_order() -> None:
    _, last = written("Overtime is paid at 150%. ", "Managers answer within 3 working days.")
    assert last.passages == (PAY, LEAVE)


def test_half_a_sentence_is_left_out() -> None:
    _, last = written("Managers answer within 3 working days. Dogs are", is_whole=False)
    assert last.text == "Managers answer within 3 working days."
    _, nothing = written("Managers answer with", is_whole=False)
    assert nothing.text == ""


def test_the_numbers_of_a_list_become_points() -> None:
    _, last = written("1. Ask in Workday.\n2. Managers answer within 3 working days.\n")
    assert last.text == "- Ask in Workday.\n- Managers answer within 3 working days."


def test_a_number_at_the_start_of_a_line_is_not_lost_when_it_is_none_of_a_list() -> None:
    _, last = written("25. Managers answer.\n")
    assert last.fault is Fault.FIGURE


def test_a_model_that_says_that_it_does_not_know_is_believed() -> None:
    for text in ("no answer", "No answer.", "NO ANSWER\n"):
        _, last = written(text)
        assert last.has_no_answer
    _, last = written("Managers answer within 3 working days. No answer.")
    assert not last.has_no_answer


def test_a_sentence_without_an_end_is_not_waited_for() -> None:
    shown, last = written("managers " * 100, "answer " * 100, "never read")
    assert len(shown) == 1
    assert last.text == ""


def test_a_quotation_is_the_passage_line_by_line() -> None:
    assert quoted(a_passage("One.\n\n- Two\n- Three\n")) == "> One.\n>\n> - Two\n> - Three"


def test_as_many_passages_as_fit_are_read_the_best_first() -> None:
    def count(messages: object) -> int:
        return len(str(messages))

    _, used = grounded_prompt([LEAVE, PAY], "How many?", "en", count, 100_000)
    assert used == [LEAVE, PAY]
    alone, _ = grounded_prompt([LEAVE], "How many?", "en", count, 100_000)
    messages, used = grounded_prompt([LEAVE, PAY], "How many?", "en", count, count(alone))
    assert used == [LEAVE]
    assert PAY.text not in messages[1].content
    told = messages[1].content[: messages[1].public_characters]
    assert LEAVE.text in told
    assert "How many?" not in told
    with pytest.raises(QuestionTooLong):
        grounded_prompt([LEAVE, PAY], "How many?", "en", count, 100)
