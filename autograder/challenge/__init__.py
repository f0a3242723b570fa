"""The open challenge, as both sides know it: what an entry is, what it may use, how it is judged.

Students measure with it what the grader measures, on pictures that they have. It needs NumPy alone.
"""
