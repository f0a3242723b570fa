"""The chapter "networks that go deep"."""
