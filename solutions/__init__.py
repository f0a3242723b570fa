"""The exercises with their solutions. Never handed out."""
