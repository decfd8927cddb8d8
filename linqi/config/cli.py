"""The `linqi` command 命令行."""

import os
import sys

OURS = """\
linqi migrate                                make or update the database
linqi serve [--host HOST] [--port PORT]      web server, worker and tick
linqi demo [--size full|small|tiny]          fill an empty database with a generated street
linqi setup --district CODE NAME --street …  the first district, street and operator of a real installation
linqi import enterprises FILE --street CODE  bring in a registry file (--dry-run, --report, --json, --undo)
linqi match --policies DIR --facts FILE …    judge the enterprises of a Parquet file by the policies of a folder
linqi cases train|evaluate FILE …            learn what requests are about from labelled texts, and measure it
linqi cases similar --pool FILE --queries …  the requests most like each other, from files
linqi waste train DIR [--out FILE]           a recogniser of waste of one's own, from labelled pictures
linqi waste evaluate DIR --json              measure the recogniser in use on labelled pictures
linqi waste labels --out DIR                 the labelled pictures of the bins as class folders
linqi waste listen                           hear the bins over MQTT (LINQI_MQTT_URL); `linqi serve` starts it too
linqi waste broker                           write who may connect to our own Mosquitto, and run it
linqi waste simulate [--bins N] [--rate R]   simulated bins of a street tell over MQTT or HTTP, with faults
linqi journal verify                         check the hash chain of the journal
linqi reindex                                build the search index anew
linqi recompute_deadlines                    count provisional deadlines anew when a calendar is published
linqi tick                                   run due reminders once
linqi assets                                 fetch the front-end libraries of the lock file
linqi --version

Every other command of Django works too: linqi help"""
TWO_WORDS = {("import", "enterprises"), ("journal", "verify")}


def main() -> None:
    """Run one command; `import enterprises` and `journal verify` are one command in two words."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "linqi.config.settings")
    arguments = sys.argv[:]
    if len(arguments) == 1 or arguments[1] in {"-h", "--help"}:
        print(OURS)
        return
    if arguments[1] == "--version":
        from linqi import __version__

        print(__version__)
        return
    if tuple(arguments[1:3]) in TWO_WORDS:
        arguments[1:3] = ["_".join(arguments[1:3])]
    from django.core.management import execute_from_command_line

    execute_from_command_line(arguments)
