"""``python -m core``: the command line."""

import sys

if __name__ == "__main__":
    try:
        # Imported here, so that Ctrl-C while Python still reads the modules is no traceback either.
        from core.cli.main import main

        main()
    except KeyboardInterrupt:
        sys.exit("stopped before anything was begun.")
