"""What is wrong with a condition, where, and what to do about it 条件错误."""


class ConditionError(ValueError):
    """A condition, formula or field that cannot be used.

    `path` leads to the place, such as `.all[2].value`; `message` says what is wrong, `remedy` what to do, both in the reader's words.
    """

    def __init__(self, path: str, message: str, remedy: str = "") -> None:
        super().__init__(f"{path or '.'}: {message}{remedy}")
        self.path = path
        self.message = message
        self.remedy = remedy
