"""The package as it is installed: its command, its version, its types."""
