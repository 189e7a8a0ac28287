"""Writers of the demo company's binary documents, one file format a file: (source, target) -> target.

Every writer gives the same bytes for the same source: dates and identifiers inside the files are fixed.
"""
