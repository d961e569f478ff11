"""Why the service did not start, or the command did not do what was asked.

ServiceError
├── SettingsWrong   settings.toml or the environment: which key, and what it should be
├── StartFailed     a port, a token, a folder
├── NotRunning      there is no service to ask
├── FilesRefused    mistakes in files that were to be imported: nothing of them was taken over
└── NotFound        no such thread, reply or entry
"""

from collections.abc import Sequence
from dataclasses import dataclass


class ServiceError(Exception):
    """Root. The message is one line that says what is wrong and what to do."""


class SettingsWrong(ServiceError):
    pass


class StartFailed(ServiceError):
    pass


class NotRunning(ServiceError):
    pass


@dataclass(frozen=True, slots=True, order=True)
class FileProblem:
    """What is wrong in a file, and where. `line` counts from 1."""

    file: str
    line: int
    says: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.says}"


class FilesRefused(ServiceError):
    """`problems`: all that were found, in the order of the files' lines."""

    def __init__(self, problems: Sequence[FileProblem]) -> None:
        self.problems = tuple(sorted(problems))
        mistakes = "1 mistake" if len(problems) == 1 else f"{len(problems)} mistakes"
        super().__init__(f"nothing was imported because of {mistakes}, each named by file and line: mend and try again")


class NotFound(ServiceError):
    pass
