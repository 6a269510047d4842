"""Keeps the head and the tail of a command's output, in no more memory than these need."""

from collections import deque


class HeadAndTail:
    """Bytes as they come; of more than `most` bytes the middle is dropped."""

    def __init__(self, most: int) -> None:
        self.n_bytes = 0
        """All bytes, kept or not."""
        self._half = max(1, most // 2)
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._n_tail = 0

    def add(self, data: bytes) -> None:
        """Take the next bytes."""
        self.n_bytes += len(data)
        free = self._half - len(self._head)
        if free > 0:
            self._head += data[:free]
            data = data[free:]
        if not data:
            return
        self._tail.append(data)
        self._n_tail += len(data)
        while self._n_tail - len(self._tail[0]) >= self._half:
            self._n_tail -= len(self._tail.popleft())

    @property
    def was_cut(self) -> bool:
        """True if bytes were dropped."""
        return self.n_bytes > 2 * self._half

    def take(self) -> bytes:
        """The kept bytes, once; a line between head and tail counts the dropped bytes."""
        kept = bytearray(self._head)
        self._head = bytearray()
        surplus = max(0, self._n_tail - self._half)
        if self.was_cut:
            kept += b"\n[%d bytes of output dropped]\n" % (self.n_bytes - 2 * self._half)
        while self._tail:
            part = self._tail.popleft()
            kept += part[surplus:]
            surplus = max(0, surplus - len(part))
        return bytes(kept)
