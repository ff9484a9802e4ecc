"""Programs with hidden state by the people who wrote them, a module a group."""
