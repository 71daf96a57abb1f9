"""What a house needs while its doors are open: its database alive, its revocation lists fresh."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from gateway.cli.preparation import House, install_pki
from gateway.database.errors import DatabaseUnavailable

_REFRESH_SECONDS = 6 * 3600.0
_LONGEST_PAUSE = 30.0

_log = logging.getLogger("ecluse.house")


class Caretaker:
    """Called about every second by the supervisor, in its thread: quick when there is nothing to do."""

    def __init__(self, house: House, clock: Callable[[], float] = time.monotonic) -> None:
        self._house = house
        self._clock = clock
        self._refreshed = clock()
        self._not_before = 0.0
        self._pause = 1.0

    def tend(self) -> None:
        """Start the embedded database again if it died; renew the lists of the test PKI four times a day."""
        server = self._house.database.server
        if server is not None and not server.is_alive() and self._clock() >= self._not_before:
            self._revive()
        if self._house.pki is not None and self._clock() - self._refreshed > _REFRESH_SECONDS:
            install_pki(self._house.settings, self._house.data)
            self._refreshed = self._clock()

    def _revive(self) -> None:
        server = self._house.database.server
        if server is None:
            return
        _log.error("the database died; starting it again")
        try:
            server.restart()
            self._pause = 1.0
        except (OSError, RuntimeError, DatabaseUnavailable) as error:
            _log.error("the database does not start: %s", type(error).__name__)
            self._not_before = self._clock() + self._pause
            self._pause = min(self._pause * 2, _LONGEST_PAUSE)
