"""What runs inside the sandbox, in the same process as the student's code: trust nothing here."""
