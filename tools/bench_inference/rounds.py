"""Runs the workers: one process at a time, every engine in every round, so that a slow minute hits all of them."""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from tools.bench_inference.measures import Figures
from tools.bench_inference.models import Model
from tools.bench_inference.peers import PYTHON
from tools.bench_inference.places import ROOT
from tools.bench_inference.quiet import find_noise
from tools.bench_inference.subjects import SUBJECTS


@dataclass(slots=True)
class Run:
    """One process of one engine. `fault`: why it did not come to its end; what it measured before counts."""

    subject: str
    round: int
    figures: Figures = field(default_factory=dict)
    noise: str | None = None
    fault: str | None = None


def run_rounds(subjects: list[str], model: Model, arguments: argparse.Namespace) -> Iterator[Run]:
    for number in range(1, arguments.rounds + 1):
        for subject in subjects:
            run = Run(subject, number, noise=find_noise())
            _measure(run, model, arguments)
            yield run


def measure_bandwidth() -> float:
    """GB/s, in a process of its own like everything else."""
    command = [sys.executable, "-m", "tools.bench_inference.bandwidth"]
    return float(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)


def _measure(run: Run, model: Model, arguments: argparse.Namespace) -> None:
    python = str(PYTHON) if SUBJECTS[run.subject].environment == "peers" else sys.executable
    command = [python, "-m", "tools.bench_inference.worker", run.subject, "--model", model.name]
    command += ["--parts", ",".join(arguments.only), "--seed", str(run.round), "--spawned-at", str(time.time())]
    command += ["--faq-patience", str(arguments.faq_patience), "--faq-rates", *map(str, arguments.faq_rates)]
    if arguments.quick:
        command.append("--quick")
    environment = os.environ | {"PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            run.figures |= json.loads(line)
            print(f"  {run.subject}, round {run.round}: {line.strip()}", file=sys.stderr)
    if process.returncode:
        run.fault = f"ended with {process.returncode} after {len(run.figures)} figures: see above"
