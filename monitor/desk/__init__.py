"""The research desk: Datasette's metadata, canned queries, dashboards, and a plugin with pages for reading.

    glossary    what every table, view and column means, and its unit
    queries     the questions a desk asks, ready to run
    dashboards  pictures
    files       all of it as the files that `datasette serve` is given
    render      feed text → safe HTML: highlights, folded cuts, differences
    pages       the rows behind a page
    plugin      Datasette's hooks: routes, headers, links

Reads the store through Datasette, read-only. Not the place for anything that writes, and no other room leans on it
but the command that starts it.
"""
