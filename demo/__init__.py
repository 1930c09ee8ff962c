"""`make demo`: the embedded cluster captions Thai speech in front of you.

Runs from a checkout: it speaks to the public API with the streaming client of `loadtests`.
"""
