"""``python -m cascadelang`` is ``cascadelang``."""

from cascadelang.cli.main import main

if __name__ == "__main__":
    main()
