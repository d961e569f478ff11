"""`python -m tools.bench_inference`, which is `make bench-inference`: our engine and its peers in one table."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from importlib.metadata import version

from tools.bench_inference.measures import PARTS, Figures
from tools.bench_inference.models import MAKERS, make_model
from tools.bench_inference.peers import make_ready
from tools.bench_inference.places import RESULTS
from tools.bench_inference.quiet import processor
from tools.bench_inference.results import faq_table, main_table, medians
from tools.bench_inference.rounds import Run, measure_bandwidth, run_rounds
from tools.bench_inference.subjects import SUBJECTS


def main(arguments: argparse.Namespace) -> int:
    """0 if every engine asked for was measured to the end."""
    model = make_model(arguments.model)
    refused = {name: fault for name in arguments.subjects if (fault := make_ready(name, model))}
    if arguments.prepare:
        _print_refused(refused)
        return 1 if refused else 0
    limits = [measure_bandwidth()]
    runs = list(run_rounds([name for name in arguments.subjects if name not in refused], model, arguments))
    limits.append(measure_bandwidth())
    figures = medians(runs, model, max(limits))
    print(f"\n{model.name}, medians of {arguments.rounds} rounds; {processor()}; reads {max(limits):.1f} GB/s")
    if arguments.faq_patience != 1:
        print(f"limits of the FAQ workload: {arguments.faq_patience:g} times as long as they are")
    print("\n" + main_table(figures) + "\n\n" + faq_table(figures))
    _print_refused(refused)
    for run in runs:
        for trouble in filter(None, (run.noise and f"NOT QUIET: {run.noise}", run.fault)):
            print(f"{run.subject}, round {run.round}: {trouble}")
    print(f"all figures: {_save(arguments, figures, runs, refused, limits)}")
    return 1 if refused or any(run.fault for run in runs) else 0


def _print_refused(refused: dict[str, str]) -> None:
    for name, fault in refused.items():
        print(f"{name}: NOT MEASURED: {fault}")


def _save(
    arguments: argparse.Namespace,
    figures: dict[str, Figures],
    runs: list[Run],
    refused: dict[str, str],
    limits: list[float],
) -> str:
    """The path of everything in JSON."""
    path = RESULTS / f"{time.strftime('%Y%m%d-%H%M%S')}-{arguments.model}.json"
    versions = {name: version(name) for name in ("torch", "transformers")}
    versions |= {package.split("==")[0]: package.split("==")[1] for of in SUBJECTS.values() for package in of.packages}
    whole = {
        "arguments": vars(arguments),
        "processor": processor(),
        "versions": versions,
        "read_gigabytes_per_second": limits,
        "medians": figures,
        "runs": [asdict(run) for run in runs],
        "not_measured": refused,
    }
    path.write_text(json.dumps(whole, indent=2) + "\n", "utf-8")
    return str(path)


def _chosen(known: Iterable[str]) -> Callable[[str], list[str]]:
    """Reads `a,b` and refuses names that are not known."""

    def parse(text: str) -> list[str]:
        names = text.split(",")
        if unknown := [name for name in names if name not in known]:
            raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: choose among {', '.join(known)}")
        return names

    return parse


def _rates(text: str) -> list[int]:
    try:
        return [int(rate) for rate in text.split(",")]
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text}: write rates as in 2,5,10") from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.bench_inference", description=__doc__)
    parser.add_argument("--model", choices=MAKERS, default="qwen", help="Default: qwen (its shape, random weights).")
    parser.add_argument("--subjects", type=_chosen(SUBJECTS), default=list(SUBJECTS), help=f"Of {', '.join(SUBJECTS)}.")
    parser.add_argument("--only", type=_chosen(PARTS), default=list(PARTS), help=f"Of {', '.join(PARTS)}.")
    parser.add_argument("--rounds", type=int, help="Processes of each engine. Default: 3; 1 with --quick.")
    parser.add_argument("--quick", action="store_true", help="About ten minutes: one of everything, short.")
    parser.add_argument("--faq-rates", type=_rates, default=[], help="Questions a minute to try, such as 2,5,10.")
    parser.add_argument(
        "--faq-patience",
        type=float,
        default=1,
        metavar="TIMES",
        help="The FAQ workload's limits so many times as long, where one question alone takes longer. Default: 1.",
    )
    parser.add_argument("--prepare", action="store_true", help="Only install the peers and convert the models.")
    return parser


if __name__ == "__main__":
    parsed = _parser().parse_args()
    parsed.rounds = parsed.rounds or (1 if parsed.quick else 3)
    sys.exit(main(parsed))
