"""How our own engine compares with its peers, on a model of one shape. `make bench-inference`; docs/benchmarks.md.

    __main__ ─ rounds ─► a process for each engine: worker ─ measures, faq ─► Subject ─► the engine
       │                                                          │
       ├ peers (their own virtual environment)                    └ workload (who asks what, and when)
       └ models (the weights in each engine's format)

`subject` is the seam: whatever can take prompts of token ids can be measured.
"""
