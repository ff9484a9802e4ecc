"""What proposes machines for a task."""
