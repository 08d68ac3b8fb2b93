"""Print the CPU milliseconds of one `%load_ext NAME` in a shell that has just started. Imports nothing else."""

import sys
import time

from IPython.core.interactiveshell import InteractiveShell

shell = InteractiveShell.instance()
# A line magic and an extension of IPython's own go first: what they import for the first time is nobody's to pay.
shell.run_line_magic("load_ext", "storemagic")
before = time.process_time()
shell.run_line_magic("load_ext", sys.argv[1])
print((time.process_time() - before) * 1e3)
