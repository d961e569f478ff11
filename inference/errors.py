"""Everything that inference raises.

InferenceError
├── ModelUnusable     the model's files are missing, partial, altered, or of a kind that is not supported
├── ModelUnknown      no model of that name
├── ContextOverflow   the prompt does not fit the model
├── EngineBusy        more requests at once than the engine takes
└── EngineFailed      generation broke; the cause is chained
"""


class InferenceError(Exception):
    """Root. The message says what is wrong and what to do, and is safe to show to an administrator."""


class ModelUnusable(InferenceError):
    pass


class ModelUnknown(InferenceError):
    pass


class ContextOverflow(InferenceError):
    def __init__(self, prompt_tokens: int, limit: int) -> None:
        super().__init__(f"the prompt has {prompt_tokens} tokens; at most {limit} fit")
        self.prompt_tokens = prompt_tokens
        self.limit = limit


class EngineBusy(InferenceError):
    pass


class EngineFailed(InferenceError):
    pass
