"""The audit log: one entry for each accepted question and each ended reply, chained so that a change is found.

Written inside the transactions of the other stores, read and checked here. The format is in docs/audit.md.
"""
