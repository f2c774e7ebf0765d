"""Reports, made from the files of a study alone."""
