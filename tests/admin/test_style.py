"""Colours that can be read, by WCAG AA, in light and in dark; pages that a screen reader gets through."""

import re
from pathlib import Path

import pytest

from bot import admin
from storage.admin.records import Role
from tests.admin.office import Office, somebody

FOLDER = Path(admin.__file__).parent
STYLE = (FOLDER / "files" / "admin.css").read_text("utf-8")
TEXT_ON = [
    *((ink, ground) for ink in ("ink", "soft", "accent", "bad") for ground in ("ground", "card")),
    *((sort, f"{sort}-soft") for sort in ("accent", "good", "bad", "warn")),
    ("ink", "accent-soft"),
    ("soft", "accent-soft"),
    ("soft", "code"),
    ("on-accent", "accent"),
]


def palettes() -> dict[str, dict[str, str]]:
    light, dark = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})", block)) for block in STYLE.split("@media")[:2])
    return {"light": light, "dark": {**light, **dark}}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXT_ON)
def test_text_can_be_read_on_its_ground(scheme: str, ink: str, ground: str) -> None:
    colours = palettes()[scheme]

    assert contrast(colours[ink], colours[ground]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("mark", ["one", "two", "three", "four", "five"])
def test_marks_of_plots_stand_out(scheme: str, mark: str) -> None:
    colours = palettes()[scheme]

    assert contrast(colours[mark], colours["card"]) >= 2.5


def contrast(one: str, other: str) -> float:
    """Source: WCAG 2.2, contrast ratio."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    digits = colour.removeprefix("#")
    digits = digits if len(digits) == 6 else "".join(digit * 2 for digit in digits)
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


async def test_every_field_has_a_name_and_every_page_one_heading(office: Office) -> None:
    async with somebody(office, *Role, name="anna") as anna:
        await anna.send("/admin/audit", "/admin/audit/reason", reason="looking at the pages", next="/admin/")
        for route in office.site.table:
            if route.method != "GET" or "{" in route.path or "sign-in" in route.path:
                continue
            page = await anna.get(route.path)
            if page.status != 200:
                continue
            assert len(re.findall("<h1[ >]", page.text)) == 1, route.path
            assert re.search('<html lang="en">', page.text)
            labelled = set(re.findall(r'<label[^>]* for="([^"]+)"', page.text))
            fields = re.findall(r'<(?:input(?! type="(?:hidden|checkbox|radio)")|select|textarea)[^>]*>', page.text)
            ids = {found.group(1) for field in fields if (found := re.search(r' id="([^"]+)"', field))}
            assert len(ids) == len(fields), route.path
            assert ids <= labelled, route.path
            named = re.findall(r'(?<![\w-])id="([^"]+)"', page.text)
            assert len(named) == len(set(named)), route.path
            headers = re.findall(r"<th[^>]*>(.*?)</th>", page.text, re.DOTALL)
            assert all(re.sub(r"<[^>]*>", "", header).strip() for header in headers), route.path
            assert "style=" not in page.text, "the policy would stop it"


def test_templates_mark_nothing_as_safe() -> None:
    for path in (FOLDER / "templates").iterdir():
        text = path.read_text("utf-8")
        assert not re.search(r"\|\s*safe\b|autoescape|Markup", text), path.name
