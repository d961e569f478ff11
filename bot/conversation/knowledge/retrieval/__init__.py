"""Which entries and passages a question is about, and how sure that is: arithmetic on vectors and words, no I/O."""
