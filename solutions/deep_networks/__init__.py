"""The exercise "networks that go deep"."""
