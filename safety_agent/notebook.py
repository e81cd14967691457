"""Writes the agent's memory down; a disk that hangs is told of and delays no closing of valves."""

from __future__ import annotations

import threading
from pathlib import Path

from safety_agent.memory import Memory, keep

#: seconds that whoever changes something waits until it is on the disk
LIMIT_S = 1.0


class Notebook:
    """A thread of its own writes; only the newest counts."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._changed = threading.Condition()
        self._wanted = Memory()
        #: how many changes there were, and which of them is on the disk or has failed
        self._number = self._done = 0
        self._problem = ""
        self._ended = False
        self._thread = threading.Thread(target=self._write_all, name="notebook", daemon=True)
        self._thread.start()

    def write(self, memory: Memory) -> str:
        """ "" once it would survive a power cut, else why it would not. Never waits for long."""
        with self._changed:
            busy = self._done < self._number
            self._wanted, self._number = memory, self._number + 1
            mine = self._number
            self._changed.notify_all()
            if not self._changed.wait_for(lambda: self._done >= mine, 0.0 if busy else LIMIT_S):
                return "the disk does not answer"
            return self._problem

    def close(self) -> None:
        """Write what is wanted still, then end; a disk that hangs is left to hang."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        self._thread.join(LIMIT_S)

    def _write_all(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._ended or self._done < self._number)
                if self._done == self._number:
                    return
                memory, number = self._wanted, self._number
            try:
                keep(memory, self._path)
                problem = ""
            except OSError as error:
                problem = str(error)
            with self._changed:
                self._done, self._problem = number, problem
                self._changed.notify_all()
