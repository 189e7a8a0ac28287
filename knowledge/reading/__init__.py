"""Files read in processes of their own, so that one bad file cannot take a run down.

    Reader (pool) -> WorkerProcess (process) -> worker's main loop (worker) -> loader -> prepared documents (preparing)

What the two sides say to each other is in `messages`: jobs go down pickled, for the parent is trusted; results come up
as plain data that is checked while it is decoded, for the child may have been taken over by what it parsed.
"""
