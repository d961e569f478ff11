from pathlib import Path

import pytest

from inference.processor import has_fast_bf16, usable_cores


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("flags\t\t: fpu avx512f avx512_bf16 avx512_vnni", True),
        ("flags\t\t: fpu amx_bf16", True),
        ("Features\t: fp asimd bf16", True),
        ("flags\t\t: fpu avx2 avx512f", False),
    ],
)
def test_fast_bf16_is_read_from_the_flags(line: str, expected: bool, tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text(f"processor\t: 0\n{line}\n")
    assert has_fast_bf16(tmp_path / "cpuinfo") is expected


def test_without_cpuinfo_bf16_is_not_trusted(tmp_path: Path) -> None:
    assert not has_fast_bf16(tmp_path / "missing")


def test_a_container_quota_limits_the_cores(tmp_path: Path) -> None:
    quota = tmp_path / "cpu.max"
    quota.write_text("50000 100000\n")
    assert usable_cores(quota) == 1
    quota.write_text("max 100000\n")
    assert usable_cores(quota) >= 1
