"""The peers' packages, in an environment of their own: nothing of them reaches the one that the service runs in."""

import importlib
import subprocess
import sys
import venv
from typing import Any

from tools.bench_inference.models import Model
from tools.bench_inference.places import PEERS_ENVIRONMENT, ROOT
from tools.bench_inference.subjects import SUBJECTS

INSTALL_SECONDS = 1200
PYTHON = PEERS_ENVIRONMENT / "bin" / "python"


def make_ready(name: str, model: Model) -> str | None:
    """Install what the subject needs and convert the model for it. None, or why it cannot be measured here."""
    entry = SUBJECTS[name]
    try:
        if entry.environment == "peers":
            _install(name)
            module: Any = importlib.import_module(f"tools.bench_inference.subjects.{entry.module}")
            module.prepare(model, PYTHON)
    except subprocess.CalledProcessError as error:
        return _last_line(error.stderr) or f"a command ended with {error.returncode}"
    except subprocess.TimeoutExpired:
        return f"not installed within {INSTALL_SECONDS} s"
    return None


def _install(name: str) -> None:
    """Quick when everything is there already. Wheels only: what must be compiled is not measured."""
    packages = SUBJECTS[name].packages
    marker = PEERS_ENVIRONMENT / f"{name}.installed"
    wanted = "\n".join(packages)
    if marker.exists() and marker.read_text("utf-8") == wanted:
        return
    if not PYTHON.exists():
        venv.create(PEERS_ENVIRONMENT, with_pip=True)
    print(f"installing {', '.join(packages)}", file=sys.stderr)
    _run(str(PYTHON), "-m", "pip", "install", "--quiet", "--only-binary=:all:", *packages)
    marker.write_text(wanted, "utf-8")


def _run(*command: str) -> None:
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=INSTALL_SECONDS)


def _last_line(text: str | None) -> str:
    lines = [line.strip() for line in (text or "").splitlines() if line.strip()]
    return lines[-1] if lines else ""
