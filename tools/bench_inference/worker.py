"""One engine in a process of its own: loads it, measures what is asked, prints each figure as a line of JSON.

What the engine itself prints goes to standard error. Runs in our environment or in the peers'.
"""

import argparse
import importlib
import json
import os
import random
import sys
import threading
import time
from pathlib import Path
from typing import Any

from tools.bench_inference.measures import PARTS, Effort, Figures
from tools.bench_inference.models import Model
from tools.bench_inference.places import MODELS
from tools.bench_inference.subject import Subject, generate
from tools.bench_inference.subjects import SUBJECTS
from tools.bench_inference.workload import TOKEN_IDS


def main(arguments: argparse.Namespace) -> None:
    threading.excepthook = _end
    report = _reporter()
    subject = _load(arguments.subject, Model(arguments.model, MODELS / arguments.model))
    report({"load_seconds": time.time() - arguments.spawned_at, "bytes_per_weight": subject.bytes_per_weight})
    effort = Effort.of(
        quick=arguments.quick,
        seed=arguments.seed,
        faq_rates=tuple(arguments.faq_rates),
        faq_patience=arguments.faq_patience,
    )
    for part in arguments.parts.split(","):
        for figures in PARTS[part](subject, effort):
            report(figures)
        report({f"rss_peak_mb{'_faq' if part == 'faq' else ''}": _rss_peak_megabytes()})


def _load(name: str, model: Model) -> Subject:
    """Ready means that a first reply was made: some engines load, or choose kernels, only then."""
    module: Any = importlib.import_module(f"tools.bench_inference.subjects.{SUBJECTS[name].module}")
    subject: Subject = module.Engine()
    subject.load(model)
    generate(subject, [random.Random("first").choices(TOKEN_IDS, k=8)], 2)
    return subject


def _reporter() -> Any:
    """Writes to what standard output was; from here on that is standard error, for libraries in C too."""
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def report(figures: Figures) -> None:
        lines.write(json.dumps(figures) + "\n")
        lines.flush()

    return report


def _end(fault: threading.ExceptHookArgs) -> None:
    """An engine whose thread has died answers nothing any more."""
    sys.__excepthook__(fault.exc_type, fault.exc_value or fault.exc_type(), fault.exc_traceback)
    sys.stderr.flush()
    os._exit(1)


def _rss_peak_megabytes() -> float:
    status = Path("/proc/self/status").read_text("utf-8")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("subject", choices=SUBJECTS)
    parser.add_argument("--model", required=True)
    parser.add_argument("--parts", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--spawned-at", type=float, required=True)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--faq-rates", type=int, nargs="*", default=[])
    parser.add_argument("--faq-patience", type=float, default=1)
    main(parser.parse_args())
    sys.stderr.flush()
    os._exit(0)  # engines' threads may be in the middle of a step: nothing is worth waiting for
