"""The command line: parse options, call one library function, print its result."""
