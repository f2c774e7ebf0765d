"""The written report, from the files of a study alone."""
