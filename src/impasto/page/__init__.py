"""The explorable atlas page, from the files of a study alone, and its server."""
