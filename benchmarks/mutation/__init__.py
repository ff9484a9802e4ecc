"""Mutation testing: is every small change of a module that carries correctness noticed by a test?

`mutants` says which changes there are and which are left out, `judges` which tests judge which
module, `trials` tries a mutant in a fork that has everything imported, `records` keeps what was
found. No file is changed: a mutant lives in the memory of one process.
"""
