"""What may flow where, worked out without recursion: sets of values, and what listens to them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from codemods.migrate_openai.flow import limits
from codemods.migrate_openai.flow.terms import LOST, Value


class Node:
    """A growing set of values. It never shrinks, so that the work ends."""

    __slots__ = ("copies", "done", "full", "listeners", "order", "values")

    def __init__(self) -> None:
        self.values: set[Value] = set()
        self.order: list[Value] = []
        self.done = 0
        self.copies: dict[Node, None] = {}
        self.listeners: list[Callable[[Value], None]] = []
        self.full = False


class Graph:
    """Nodes that hand their values on, each value once along each edge.

    The work is bounded by the number of edges: a node takes so many values and no more, and
    fewer once the whole run has cost more than its size explains. A node that is `full` has
    lost some, and holds LOST instead.
    """

    def __init__(self) -> None:
        self.work = 0
        self.full: list[Node] = []
        self.lost: dict[Value, None] = {}
        """What a full node was to hold besides what it holds."""
        self._nodes = 0
        self._most = limits.VALUES_OF_A_NODE
        self._new: deque[Callable[[], None]] = deque()
        self._queue: deque[Node] = deque()

    def node(self, wire: Callable[[Node], None] | None = None) -> Node:
        """A new node. *wire* is called later, to tell what it hears of."""
        node = Node()
        self._nodes += 1
        if wire is not None:
            self._new.append(lambda: wire(node))
        return node

    def add(self, node: Node, value: Value) -> None:
        if value in node.values:
            return
        if len(node.order) >= self._most and value is not LOST:
            self.lost[value] = None
            if node.full:
                return
            node.full = True
            self.full.append(node)
            value = LOST
            if value in node.values:
                return
        node.values.add(value)
        if node.done == len(node.order):
            self._queue.append(node)
        node.order.append(value)

    def copy(self, source: Node, target: Node) -> None:
        """All that *source* holds, now or later, *target* holds too."""
        if source is target or target in source.copies:
            return
        source.copies[target] = None
        self.work += source.done
        for value in source.order[: source.done]:
            self.add(target, value)

    def listen(self, source: Node, listener: Callable[[Value], None]) -> None:
        """Call *listener* with all that *source* holds, now or later."""
        source.listeners.append(listener)
        self.work += source.done
        for value in source.order[: source.done]:
            listener(value)

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
        for value in fresh:
            for target in node.copies:
                self.add(target, value)
            for listener in node.listeners:
                listener(value)
        self.work += len(fresh) * (len(node.copies) + len(node.listeners))
        if self.work > limits.WORK_OF_A_NODE * self._nodes:
            self._most = limits.VALUES_OF_A_NODE_WHEN_COSTLY
