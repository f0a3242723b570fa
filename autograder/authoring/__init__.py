"""From a chapter's sources to the notebook that students get. Instructor side."""
