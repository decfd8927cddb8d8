"""`python -m linqi` is the `linqi` command."""

from linqi.config.cli import main

main()
