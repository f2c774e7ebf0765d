"""The verbs: one function for each command, for notebooks and programs.

Every function takes a path or what an earlier verb returned, and settings as an object or as
keywords. Arguments stand in one order: the thing, a second thing, the output, the settings. Imports
stand inside the functions, so that each verb loads only what it needs.
"""
