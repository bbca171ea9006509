"""`python -m monitor` is `monitor`."""

from monitor.cli import main

if __name__ == "__main__":
    main(prog_name="monitor")
