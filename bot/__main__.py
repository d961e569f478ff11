"""`inthread`, and `python -m bot`, which is the same."""


def main() -> None:
    from bot.cli import main as command_line  # here: processes that a command starts beside it import this module

    command_line()


if __name__ == "__main__":
    main()
