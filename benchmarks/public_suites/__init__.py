"""The public suites of small stream tasks: what comes out of strings and answers alone."""
