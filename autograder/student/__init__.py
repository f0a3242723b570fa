"""What runs on the student's machine: instant checks and explorers. Needs NumPy only."""
