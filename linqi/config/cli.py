"""The `linqi` command 命令行.

linqi migrate                       make or update the database
linqi serve [--host] [--port]       web server and worker
linqi demo [--size small|full]      fill an empty database with a generated street
linqi import enterprises FILE       bring in a registry file
linqi journal verify                check the hash chain
Any other word is handed to Django's own commands (linqi help lists them all).
"""

import os
import sys


def main() -> None:
    """Run one command; two-word commands (`import enterprises`) are one command with a dash inside."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "linqi.config.settings")
    from django.core.management import execute_from_command_line

    arguments = sys.argv[:]
    if len(arguments) > 2 and f"{arguments[1]}-{arguments[2]}" in {"import-enterprises", "journal-verify"}:
        arguments[1:3] = [f"{arguments[1]}_{arguments[2]}"]
    execute_from_command_line(arguments)
