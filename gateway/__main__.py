"""`python -m gateway` is `ecluse`."""

from gateway.cli.main import main

main()
