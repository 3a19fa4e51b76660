"""What may flow where, worked out without recursion: sets of atoms, and what listens to them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from codemods.migrate_openai.flow import limits
from codemods.migrate_openai.flow.terms import LOST, Atom


class Node:
    """A growing set of atoms. It never shrinks, so that the work ends."""

    __slots__ = ("atoms", "copies", "done", "full", "listeners", "order")

    def __init__(self) -> None:
        self.atoms: set[Atom] = set()
        self.order: list[Atom] = []
        self.done = 0
        self.copies: dict[Node, None] = {}
        self.listeners: list[Callable[[Atom], None]] = []
        self.full = False


class Graph:
    """Nodes that hand their atoms on, each atom once along each edge.

    The work is bounded by the number of edges: a node takes so many atoms and no more, and
    fewer once the whole run has cost more than its size explains. A node that is `full` has
    lost some, and holds LOST instead.
    """

    def __init__(self) -> None:
        self.work = 0
        self.full: list[Node] = []
        self.lost: dict[Atom, None] = {}
        """What a full node was to hold besides what it holds."""
        self._nodes = 0
        self._most = limits.ATOMS_OF_A_NODE
        self._new: deque[Callable[[], None]] = deque()
        self._queue: deque[Node] = deque()

    def node(self, wire: Callable[[Node], None] | None = None) -> Node:
        """A new node. *wire* is called later, to tell what it hears of."""
        node = Node()
        self._nodes += 1
        if wire is not None:
            self._new.append(lambda: wire(node))
        return node

    def add(self, node: Node, atom: Atom) -> None:
        if atom in node.atoms:
            return
        if len(node.order) >= self._most and atom is not LOST:
            self.lost[atom] = None
            if node.full:
                return
            node.full = True
            self.full.append(node)
            atom = LOST
            if atom in node.atoms:
                return
        node.atoms.add(atom)
        if node.done == len(node.order):
            self._queue.append(node)
        node.order.append(atom)

    def copy(self, source: Node, target: Node) -> None:
        """All that *source* holds, now or later, *target* holds too."""
        if source is target or target in source.copies:
            return
        source.copies[target] = None
        self.work += source.done
        for atom in source.order[: source.done]:
            self.add(target, atom)

    def listen(self, source: Node, listener: Callable[[Atom], None]) -> None:
        """Call *listener* with all that *source* holds, now or later."""
        source.listeners.append(listener)
        self.work += source.done
        for atom in source.order[: source.done]:
            listener(atom)

    def run(self) -> bool:
        """Until nothing changes. Was there anything to do?"""
        busy = bool(self._new or self._queue)
        while self._new or self._queue:
            while self._new:
                self._new.popleft()()
            if self._queue:
                self._deliver(self._queue.popleft())
        return busy

    def _deliver(self, node: Node) -> None:
        fresh = node.order[node.done :]
        node.done = len(node.order)
        for atom in fresh:
            for target in node.copies:
                self.add(target, atom)
            for listener in node.listeners:
                listener(atom)
        self.work += len(fresh) * (len(node.copies) + len(node.listeners))
        if self.work > limits.WORK_OF_A_NODE * self._nodes:
            self._most = limits.ATOMS_OF_A_DEAR_NODE
