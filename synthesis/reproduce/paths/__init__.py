"""Paths through the weights of networks: what is published of them, a module each."""

__all__: list[str] = []
