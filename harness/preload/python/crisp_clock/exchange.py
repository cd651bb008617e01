"""One HTTP/1.1 connection, read along: how many whole requests went out whose answers did not come in
whole; and how many bytes went each way after an answer that switched protocols."""

LONGEST_LINE = 65_536
MOST_LINES = 1_000

# How the length of a body is known.
EMPTY = "empty"
PRELIMINARY = "preliminary"  # no message of its own
AS_IT_SAYS = "as it says"  # no length means no body
TO_THE_END = "to the end"  # no length means until the connection ends
THE_LAST = "the last"  # what follows is no message


class Exchange:
    """`asked` is called for each request that has gone out whole."""

    def __init__(self, asked=lambda: None):
        self._asked = asked
        self._methods = []  # of requests whose answers have not begun
        self._requests = 0
        self._answers = 0
        self._out = _Messages(self._request, self._request_ends)
        self._in = _Messages(self._answer, self._answer_ends)

    def sent(self, data):
        self._out.feed(bytes(data))

    def received(self, data):
        self._in.feed(bytes(data))

    @property
    def waiting(self):
        return max(0, self._requests - self._answers)

    @property
    def switched(self):
        """(read, written) in bytes once protocols were switched, None before."""
        return (self._in.beyond, self._out.beyond) if self._in.is_over else None

    def _request(self, line):
        self._methods.append(line.split(" ", 1)[0])
        return AS_IT_SAYS

    def _request_ends(self):
        self._requests += 1
        self._asked()

    def _answer(self, line):
        status = line.split(" ")[1:2]
        status = int(status[0]) if status and status[0].isdigit() else 0
        if status == 101:
            self._out.end()
            return THE_LAST
        if status < 200:
            return PRELIMINARY
        method = self._methods.pop(0) if self._methods else ""
        return EMPTY if method == "HEAD" or status in (204, 304) else TO_THE_END

    def _answer_ends(self):
        self._answers += 1


class _Messages:
    """Finds the ends of messages in a stream of bytes. `head(first line)` says how the length of the
    body is known."""

    def __init__(self, head, end):
        self._on_head = head
        self._on_end = end
        self._state = "head"
        self._line = b""  # what has come of it
        self._head = []  # its lines
        self._left = 0  # bytes of the body or chunk
        self.beyond = 0  # bytes that came after the last message

    def end(self):
        """What follows is no message any more."""
        self._state = "over"

    @property
    def is_over(self):
        return self._state == "over"

    def feed(self, data):
        at = 0
        while at < len(data):
            at = self._take(data, at)

    def _take(self, data, at):
        """Takes something in from there; gives where the rest begins."""
        if self._state in ("body", "chunk"):
            taken = min(self._left, len(data) - at)
            self._left -= taken
            if self._left == 0:
                self._body_ends()
            return at + taken
        if self._state == "until the connection ends":
            return len(data)
        if self._state == "over":
            self.beyond += len(data) - at
            return len(data)
        newline = data.find(b"\n", at)
        end = len(data) if newline < 0 else newline + 1
        self._line += data[at:end]
        if len(self._line) > LONGEST_LINE or len(self._head) > MOST_LINES:
            self._state = "until the connection ends"
        elif newline >= 0:
            line, self._line = self._line.rstrip(b"\r\n").decode("latin-1"), b""
            self._line_ends(line)
        return end

    def _line_ends(self, line):
        if self._state == "size":
            self._left = _hexadecimal(line)
            self._state = "chunk" if self._left else "trailer"
            self._left += 2  # and the end of its line
        elif line:
            self._head.append(line)  # a trailer, too, which is not looked at
        elif self._state == "trailer":
            self._ends()
        elif self._head:
            self._head_ends()

    def _head_ends(self):
        first, *fields = self._head
        self._head = []
        body = self._on_head(first)
        if body == PRELIMINARY:
            return
        named = [field.lower().partition(":") for field in fields]
        length = [value.strip() for name, _, value in named if name == "content-length"]
        length = int(length[0]) if length and length[0].isdigit() else None
        if body == EMPTY:
            self._ends()
        elif body == THE_LAST:
            self._ends()
            self.end()
        elif any(name == "transfer-encoding" and "chunked" in value for name, _, value in named):
            self._state = "size"
        elif length:
            self._state, self._left = "body", length
        elif length == 0 or body == AS_IT_SAYS:
            self._ends()
        else:
            self._state = "until the connection ends"

    def _body_ends(self):
        if self._state == "chunk":
            self._state = "size"
        else:
            self._ends()

    def _ends(self):
        self._state = "head"
        self._head = []
        self._on_end()


def _hexadecimal(text):
    try:
        return int(text.split(";")[0], 16)
    except ValueError:
        return 0
