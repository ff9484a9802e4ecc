"""Programs with hidden state: what comes out of streams and answers alone, beside its rivals."""
