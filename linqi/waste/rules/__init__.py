"""What is decided about bins, messages, clues and steps: pure."""
