"""``python -m api.cli``: the command ``huxin``."""

from api.cli import main

main()
