"""Running programs that nobody vouches for: contained, limited, and never without containment.

Takes: Python source or a program, what it reads on its standard input, `Limits`. Gives: how it ended and what it
wrote. Guarantees: without a kind of containment that was seen to work on this machine (`choose.chosen`), nothing is
run; what is run has no network, no environment, no view of files but a read-only Python and what it was given; it is
ended with all its processes when its time is over or the caller is cancelled.

``docs/sandbox.md`` says what that holds against, and what it doesn't.
"""
