"""The open challenge: its pictures, its rules and the baselines that the course sets."""
