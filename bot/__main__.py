"""`python -m bot` is `inthread`."""

from bot.cli import main

if __name__ == "__main__":
    main()
