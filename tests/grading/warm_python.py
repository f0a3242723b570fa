"""A Python that has imported what notebooks need, and forks for each: a kernel, or a check.

Reads jobs as lines of JSON: ``{"do": "kernel", "folder": ..., "connection": ...}`` starts Jupyter's
kernel, and does not wait for its end; ``{"do": "check", "folder": ..., "arguments": [...]}`` does
what ``autograder check`` does in its new process.
"""

import json
import os
import sys

import ipykernel.inprocess  # noqa: F401
import ipywidgets  # noqa: F401
import numpy  # noqa: F401
from ipykernel.kernelapp import IPKernelApp

from autograder.student import check, explore, rerun  # noqa: F401


def main() -> None:
    """Do one job after the other."""
    for line in sys.stdin:
        job = json.loads(line)
        child = os.fork()
        if child == 0:
            os.dup2(2, 1)  # only this program's own lines may go there
            os.chdir(job["folder"])
            sys.path.insert(0, "")
            if job["do"] == "kernel":
                check.check = check.Check()  # it remembers the folder in which it was made
                IPKernelApp.launch_instance(["-f", job["connection"]])
            else:
                os.environ["MPLBACKEND"] = "Agg"
                sys.argv = ["rerun", *job["arguments"]]
                rerun.main()
            os._exit(0)
        if job["do"] == "check":
            os.waitpid(child, 0)
        print(child, flush=True)


main()
