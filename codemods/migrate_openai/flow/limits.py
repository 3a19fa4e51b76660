"""Where the analysis stops following, so that it ends on any program. Beyond, anything is possible.

Programs that people write stay far below; generated ones, and loops that feed themselves, do not.
"""

from __future__ import annotations

TERM_DEPTH = 10
"""Attributes, calls and items of one term: ``x = x.next`` in a loop makes it grow for ever."""
CALL_DEPTH = 8
"""The same for what is called: less, since an attribute of the result has to fit as well."""
ELEMENT_DEPTH = 6
"""The same for what is kept in a container, which is taken out and used again."""
PATH_LENGTH = 12
"""Parts of a dotted name: a name that is assigned from its own attribute makes it endless."""
BINDINGS_OF_A_NAME = 64
"""Generated code binds one name thousands of times, and each is compared with each."""
CLASSES_UP = 32
"""Classes between one that overrides a method and one that calls it."""
CLASSES_BELOW = 16
"""Subclasses that override one method: each of them multiplies what an attribute may be."""
VALUES_OF_A_NODE = 256
"""What is shared more widely is not followed: everything would lead to everything."""
VALUES_OF_A_NODE_WHEN_COSTLY = 8
"""The same, once the run has cost more than its size explains."""
WORK_OF_A_NODE = 400
"""Values handed on for each node of the graph: programs that people write take one to six."""
BRACKETS = 200
"""CPython refuses deeper nesting; libcst's parser would overflow the stack of the process."""
FILES_SEARCHED = 4_000
"""Of a tree with more files none is read a second time, to find callers."""
