"""Why the service did not start, or the command did not do what was asked.

ServiceError
├── SettingsWrong   settings.toml or the environment: which key, and what it should be
├── StartFailed     a port, a token, a folder
├── NotRunning      there is no service to ask
└── NotFound        no such thread or reply
"""


class ServiceError(Exception):
    """Root. The message is one line that says what is wrong and what to do."""


class SettingsWrong(ServiceError):
    pass


class StartFailed(ServiceError):
    pass


class NotRunning(ServiceError):
    pass


class NotFound(ServiceError):
    pass
