"""A FAQ and questions about it, end to end through the commands: import, encode, ask. `make eval`.

    make eval FAQ=faq.yaml QUESTIONS=questions.jsonl

In a database of its own, which is thrown away. The questions are lines of {"text": …, "lang": …, "entry": id or null}.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

OURS = Path(__file__).parent.parent / "tests" / "eval"


def main() -> None:
    given = sys.argv[1:3] or [OURS / "faq.yaml", OURS / "questions.jsonl"]
    if len(given) != 2:
        sys.exit("give both, or neither: FAQ=… QUESTIONS=…")
    faq, questions = (Path(path).resolve() for path in given)
    with tempfile.TemporaryDirectory() as folder:
        for arguments in (["faq", "import", faq], ["faq", "encode"], ["faq", "eval", questions]):
            print(f"$ inthread {' '.join(map(str, arguments))}", flush=True)
            done = subprocess.run(
                [sys.executable, "-m", "bot", *map(str, arguments)],
                env={**os.environ, "INTHREAD_SERVICE__DATA_DIR": folder, "INTHREAD_LOG__LEVEL": "warning"},
                check=False,
            )
            if done.returncode:
                sys.exit(done.returncode)


if __name__ == "__main__":
    main()
