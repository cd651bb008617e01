"""Crisp's hosts have an address of this machine's, sockets that are to connect to it connect to the
emulator, and TLS is left out there: by sockets and by asyncio, whatever library speaks. A connection through a proxy is left alone where it is a socket's (TLS
is spoken to the proxy); asyncio's is without TLS there, too, which the proxy of crisp-mock takes."""

import functools
import socket

# What Crisp's hosts are looked up as: nothing listens there, on any port. A library that keeps the port
# that it was given and connects to the address that was found reaches the emulator all the same.
STAND_IN = "127.67.82.83"


def start(env):
    patterns = env["CRISP_INTERCEPT_HOSTS"].split(",")
    host, _, port = env["CRISP_INTERCEPT_TO"].rpartition(":")
    to = (host.strip("[]"), int(port))

    def is_crisps(name):
        return _matches(patterns, name)

    _redirect_lookups(is_crisps)
    _redirect_sockets(is_crisps, to)
    try:
        import ssl
    except ImportError:
        return  # a Python without TLS
    _leave_tls_out(ssl, is_crisps, to)


def _matches(patterns, name):
    if isinstance(name, (bytes, bytearray)):
        name = bytes(name).decode("latin-1")
    if not isinstance(name, str):
        return False
    name = name.lower()
    name = name[:-1] if name.endswith(".") else name
    return any(
        name == pattern[1:] or name.endswith(pattern) if pattern.startswith(".") else name == pattern
        for pattern in patterns
    )


def _redirect_lookups(is_crisps):
    native = socket.getaddrinfo

    @functools.wraps(native)
    def getaddrinfo(host, port, *args, **keywords):
        return native(STAND_IN if is_crisps(host) else host, port, *args, **keywords)

    socket.getaddrinfo = getaddrinfo
    native_by_name = socket.gethostbyname

    @functools.wraps(native_by_name)
    def gethostbyname(name):
        return STAND_IN if is_crisps(name) else native_by_name(name)

    socket.gethostbyname = gethostbyname


def _redirect_sockets(is_crisps, to):
    for name in ("connect", "connect_ex"):
        setattr(socket.socket, name, _connecting(getattr(socket.socket, name), is_crisps, to))


def _connecting(native, is_crisps, to):
    @functools.wraps(native)
    def connect(self, address):
        if isinstance(address, tuple) and address:
            address = to if address[0] == STAND_IN or is_crisps(address[0]) else address
        return native(self, address)

    return connect


def _leave_tls_out(ssl, is_crisps, to):
    context = ssl.SSLContext
    wrap_socket, wrap_bio = context.wrap_socket, context.wrap_bio
    kinds = {}

    def plain(kind):
        if kind not in kinds:
            kinds[kind] = type("PlainSocket", (_AsIfTls, kind), {"__slots__": ()})
        return kinds[kind]

    @functools.wraps(wrap_socket)
    def without_tls(self, sock, *args, **keywords):
        name = keywords.get("server_hostname", args[3] if len(args) > 3 else None)
        if is_crisps(name) and _leads_to(sock, to):
            sock.__class__ = plain(type(sock))
            return sock
        return wrap_socket(self, sock, *args, **keywords)

    @functools.wraps(wrap_bio)
    def without_tls_in_memory(self, incoming, outgoing, *args, **keywords):
        name = keywords.get("server_hostname", args[1] if len(args) > 1 else None)
        if is_crisps(name):
            return _PlainObject(ssl, self, incoming, outgoing, name)
        return wrap_bio(self, incoming, outgoing, *args, **keywords)

    context.wrap_socket = without_tls
    context.wrap_bio = without_tls_in_memory


def _leads_to(sock, to):
    """Whether a socket is connected to the emulator, or will be: to a proxy it is connected already."""
    try:
        return tuple(sock.getpeername()[:2]) == to
    except OSError:
        return True


class _AsIfTls:
    """What programs ask of a connection with TLS."""

    __slots__ = ()
    context = None
    server_hostname = None
    server_side = False
    session = None
    session_reused = False

    def cipher(self):
        return ("none", "none", 0)

    def compression(self):
        return None

    def do_handshake(self, *_):
        return None

    def get_channel_binding(self, *_):
        return None

    def getpeercert(self, binary_form=False):
        return b"" if binary_form else {}

    def pending(self):
        return 0

    def selected_alpn_protocol(self):
        return None

    def selected_npn_protocol(self):
        return None

    def shared_ciphers(self):
        return None

    def unwrap(self):
        return self

    def version(self):
        return None


class _PlainObject(_AsIfTls):
    """Bytes go from one buffer to the other as they are."""

    def __init__(self, ssl, context, incoming, outgoing, server_hostname):
        self._ssl = ssl
        self._incoming = incoming
        self._outgoing = outgoing
        self.context = context
        self.server_hostname = server_hostname

    def read(self, length=1024, buffer=None):
        data = self._incoming.read(length if buffer is None else min(length, len(buffer)))
        if not data and not self._incoming.eof:
            raise self._ssl.SSLWantReadError()
        if buffer is None:
            return data
        buffer[: len(data)] = data
        return len(data)

    def write(self, data):
        return self._outgoing.write(data)

    def pending(self):
        return self._incoming.pending

    def unwrap(self):
        return None
