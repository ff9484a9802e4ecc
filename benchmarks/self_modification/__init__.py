"""Machines that change themselves: how fast they run, and what is found of those that learn."""
