"""The compiler of the tests: it hands out again what the real one made of the same, and nothing else."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.compiler import stand_in_for_compiler

# Makes a "library" that names its source and how many were made, and fails where the source says so.
COMPILER = """#!/bin/sh
[ "$1" = --version ] && exec echo '{version}'
for result; do :; done
grep -q broken "$(dirname "$result")/a.cpp" && exit 3
echo made >> '{made}'
{{ cat "$(dirname "$result")/a.cpp"; echo; wc -l < '{made}'; }} > "$result"
"""


class Bench:
    """A compiler that counts, and the one that stands in for it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.get_compiler("1.0")
        (folder / "kept").mkdir()
        stand_in_for_compiler(folder / "kept")

    def get_compiler(self, version: str) -> None:
        script = self._folder / "g++"
        script.write_text(COMPILER.format(version=version, made=self._folder / "made"))
        script.chmod(0o755)

    def compile(self, source: str, flag: str = "-O3") -> str:
        """In a folder of its own, as the engine does it."""
        work = self._folder / "work"
        work.mkdir()
        (work / "a.cpp").write_text(source)
        result = work / "a.so"
        found = shutil.which("g++")
        assert found is not None
        try:
            subprocess.run([found, flag, str(work / "a.cpp"), "-o", str(result)], check=True)
            return " ".join(result.read_text().split())
        finally:
            shutil.move(work, self._folder / f"work {len(list(self._folder.iterdir()))}")


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    if not shutil.which("flock") or not shutil.which("sha256sum"):
        pytest.skip("needs flock and sha256sum")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return Bench(tmp_path)


def test_the_same_is_compiled_once(bench: Bench) -> None:
    assert [bench.compile("one") for _ in range(3)] == ["one 1"] * 3


def test_other_sources_other_words_and_another_compiler_are_compiled(bench: Bench) -> None:
    assert [bench.compile("one"), bench.compile("two"), bench.compile("one", "-O2")] == ["one 1", "two 2", "one 3"]
    bench.get_compiler("2.0")
    assert bench.compile("one") == "one 4"


def test_what_fails_is_not_kept(bench: Bench) -> None:
    for _ in range(2):
        with pytest.raises(subprocess.CalledProcessError) as failed:
            bench.compile("broken")
        assert failed.value.returncode == 3
