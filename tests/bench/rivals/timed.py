"""timed.py PROGRAM TOOL: runs a program that finds a bug; prints how long that took, the tool's import left out, and what it said."""

import importlib
import json
import os
import runpy
import sys
import time
import traceback

program, tool = sys.argv[1:]
module = importlib.import_module(tool)
if tool == "newproc":
    module.check  # its import puts most off until it is asked for
    importlib.import_module("newproc._steady")
real = os.dup(1)
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what the tool prints is not the result
sys.argv = [program]
began = time.perf_counter()
try:
    runpy.run_path(program, run_name="__main__")
except BaseException as error:
    seconds, said = time.perf_counter() - began, "".join(traceback.format_exception(error))
else:
    sys.exit(f"{program}: {tool} found no bug")
os.write(real, json.dumps({"seconds": seconds, "said": said}).encode())
