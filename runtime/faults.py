"""The one error that a person who starts the system gets to read."""


class SetupError(Exception):
    """One line that says what stands in the way and what to do about it, in Chinese and English.

    Attributes:
        zh: the line in Chinese, remedy included.
        en: the same in English.
    """

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} · {en}")
        self.zh = zh
        self.en = en
