"""A supervisor in a process of its own, over two doors; prints its reports. Run with one JSON argument per door."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from gateway.supervisor import Program, Report, StartError, Supervisor


def say(**facts: object) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def report(happened: Report) -> None:
    say(program=happened.program, happening=happened.happening, detail=happened.detail, facts=dict(happened.facts))


if __name__ == "__main__":
    door = str(Path(__file__).with_name("door.py"))
    programs = [
        Program(name=f"door{number}", argv=[sys.executable, door, settings], env=dict(os.environ))
        for number, settings in enumerate(sys.argv[1:])
    ]
    try:
        sys.exit(Supervisor(programs, grace=8, report=report).run(lambda facts: say(ready=dict(facts))))
    except StartError as error:
        say(failed=str(error))
        sys.exit(2)
