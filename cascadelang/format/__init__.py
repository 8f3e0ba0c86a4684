"""The one layout of policy files.

Takes: a source file. Gives: the same file, laid out. `format` is the way in; `doc` is the layout algebra, `page` lays
a document out, `cursor` keeps tokens and comments together, the ``…_to_doc`` modules turn a tree into a document.
"""
