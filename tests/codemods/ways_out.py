"""A program that tries to get out, beside a witness that hears of it if it does.

As a script (``namespace``, ``hooks`` or ``nothing``): moves into a network of its own, where a
public address and the name servers are loopback's, and runs the program under a proof there, or
under none. Prints what the witness heard and how every way ended.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import selectors
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

HOST = "203.0.113.7"
FIRST_PORT = 40001
CONTROL = str(FIRST_PORT + 99)
"""What the witness always hears: the script itself."""

IN_PYTHON = {
    "tcp": "socket.socket().connect((H, P))",
    "connect_ex": "socket.socket().connect_ex((H, P))",
    "create_connection": "socket.create_connection((H, P), 3)",
    "connect without waiting": "s = socket.socket(); s.setblocking(False); s.connect_ex((H, P))",
    "mapped address": "socket.socket(socket.AF_INET6).connect(('::ffff:' + H, P))",
    "udp sendto": "udp().sendto(b'x', (H, P))",
    "udp sendto with flags": "udp().sendto(b'x', 0, (H, P))",
    "udp sendmsg": "udp().sendmsg([b'x'], [], 0, (H, P))",
    "udp connect": "s = udp(); s.connect((H, P)); s.send(b'x')",
    "urllib": "import urllib.request as u; u.urlopen(f'http://{H}:{P}/', timeout=3)",
    "urllib without proxy": "import urllib.request as u; "
    "u.build_opener(u.ProxyHandler({})).open(f'http://{H}:{P}/', timeout=3)",
    "http.client": "import http.client as c; c.HTTPConnection(H, P, timeout=3).request('GET', '/')",
    "https": "import http.client as c; c.HTTPSConnection(H, P, timeout=3).request('GET', '/')",
    "ftplib": "import ftplib; ftplib.FTP().connect(H, P, 3)",
    "smtplib": "import smtplib; smtplib.SMTP(H, P, timeout=3)",
    "poplib": "import poplib; poplib.POP3(H, P, timeout=3)",
    "imaplib": "import imaplib; imaplib.IMAP4(H, P, timeout=3)",
    "xmlrpc": "import xmlrpc.client as x; x.ServerProxy(f'http://{H}:{P}').f()",
    "requests": "import requests; requests.get(f'http://{H}:{P}/', timeout=3)",
    "requests without proxy": "import requests; s = requests.Session(); s.trust_env = False; "
    "s.get(f'http://{H}:{P}/', timeout=3)",
    "urllib3": "import urllib3; urllib3.PoolManager(retries=False)"
    ".request('GET', f'http://{H}:{P}/')",
    "httpx": "import httpx; httpx.get(f'http://{H}:{P}/', trust_env=False)",
    "httpx async": "import httpx; asyncio.run(httpx.AsyncClient(trust_env=False)"
    ".get(f'http://{H}:{P}/'))",
    "aiohttp": "asyncio.run(with_aiohttp(f'http://{H}:{P}/'))",
    "asyncio": "asyncio.run(asyncio.open_connection(H, P))",
    "asyncio datagram": "asyncio.run(datagram(H, P))",
    "log handler": "import logging.handlers as h; h.SocketHandler(H, P).makeSocket()",
    "log datagram": "import logging.handlers as h; h.DatagramHandler(H, P).send(b'x')",
    "syslog": "import logging.handlers as h; h.SysLogHandler((H, P)).emit(RECORD)",
    "multiprocessing client": "import multiprocessing.connection as c; c.Client((H, P))",
    "python -I": "run([PY, '-I', '-c', CODE])",
    "python -S": "run([PY, '-S', '-c', CODE])",
    "python -E": "run([PY, '-E', '-c', CODE])",
    "python -ISE": "run([PY, '-ISE', '-c', CODE])",
    "python -X dev -I": "run([PY, '-X', 'utf8', '-I', '-c', CODE])",
    "clean environment": "run([PY, '-c', CODE], env={})",
    "own PYTHONPATH": "run([PY, '-c', CODE], env={'PYTHONPATH': '/nowhere'})",
    "isolated and clean": "run([PY, '-IS', '-c', CODE], env={})",
    "posix_spawn": "os.waitpid(os.posix_spawn(PY, [PY, '-I', '-c', CODE], {}), 0)",
    "spawnve": "os.spawnve(os.P_WAIT, PY, [PY, '-S', '-c', CODE], {})",
    "fork and exec": "fork(lambda: os.execve(PY, [PY, '-E', '-c', CODE], {}))",
    "fork": "fork(lambda: socket.create_connection((H, P), 3))",
    "session of its own": "run([PY, '-c', CODE], start_new_session=True)",
    "shell": "run(f'{PY} -I -c \"{CODE}\"', shell=True)",
    "system": "os.system(f'{PY} -S -c \"{CODE}\"')",
    "env -i": "run(f'env -i {PY} -I -c \"{CODE}\"', shell=True)",
}
# What no hook in Python reaches.
OUTSIDE_OF_PYTHON = {
    "ctypes": "import ctypes; c = ctypes.CDLL(None); "
    "c.connect(c.socket(2, 1, 0), struct.pack('!2sH4s8x', b'\\2\\0', P, socket.inet_aton(H)), 16)",
    "bash": "run(['bash', '-c', f'exec 3<>/dev/tcp/{H}/{P}'])",
    "curl": "run(['curl', '--noproxy', '*', '-m', '3', f'http://{H}:{P}/'])",
    "perl": "run(['perl', '-MIO::Socket::INET', '-e', "
    "f'IO::Socket::INET->new(PeerAddr=>\"{H}:{P}\", Timeout=>3)'])",
    "copied interpreter": "shutil.copy(os.path.realpath(PY), 'snake'); "
    "run(['./snake', '-I', '-c', CODE])",
    "back into another namespace": "run(['nsenter', '-t', str(os.getppid()), '-n', "
    "PY, '-c', CODE])",
    "namespace of the proof": "run(['nsenter', '--net=/proc/%d/ns/net' % PROOF, PY, '-c', CODE])",
    "loopback of the machine": "socket.create_connection(('127.0.0.1', P), 3)",
    "loopback by bash": "run(['bash', '-c', f'exec 3<>/dev/tcp/127.0.0.1/{P}'])",
}
LOOK_UPS = {
    "127.0.0.1.evil.example": "socket.getaddrinfo(NAME, 80)",
    "localhost.evil.example": "socket.getaddrinfo(NAME, 80)",
    "127.evil.example": "socket.gethostbyname(NAME)",
    "example.com": "socket.gethostbyname_ex(NAME)",
    "bytes.example.com": "socket.getaddrinfo(NAME.encode(), 80)",
    "fqdn.example.com": "socket.getfqdn(NAME)",
    "203.0.113.9": "socket.gethostbyaddr(NAME)",
    "203.0.113.10": "socket.getnameinfo((NAME, 80), 0)",
    "203.0.113.11": "socket.getfqdn(NAME)",
    "async.example.com": "asyncio.run(look_up(NAME))",
}
_HELPERS = """
import asyncio, json, logging, os, shutil, socket, struct, subprocess, sys
from concurrent.futures import ThreadPoolExecutor
H, PY, RECORD = HOST, sys.executable, logging.makeLogRecord({"msg": "x"})
socket.setdefaulttimeout(3)
def udp(): return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
def run(command, **options):
    subprocess.run(command, check=True, capture_output=True, **options)
def fork(then):
    child = os.fork()
    if child == 0:
        try: then()
        finally: os._exit(0)
    os.waitpid(child, 0)
async def with_aiohttp(url):
    import aiohttp
    async with aiohttp.ClientSession() as session:
        await session.get(url)
async def datagram(host, port):
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        asyncio.DatagramProtocol, remote_addr=(host, port))
    transport.sendto(b"x")
async def look_up(name):
    await asyncio.get_running_loop().getaddrinfo(name, 80)
def ended(way):
    name, (text, port) = way
    code = f"import socket; socket.create_connection(({H!r}, {port}), 3)"
    try:
        exec(text, {**globals(), "P": port, "CODE": code, "NAME": name})
    except BaseException as error:
        return name, repr(error)
    return name, "done"
if __name__ == "__main__":
    with ThreadPoolExecutor(4) as pool:
        print(json.dumps(dict(pool.map(ended, WAYS.items()))))
"""


def program(held: str) -> str:
    ways = {**IN_PYTHON, **({} if held == "hooks" else OUTSIDE_OF_PYTHON), **LOOK_UPS}
    numbered = {name: (text, FIRST_PORT + n) for n, (name, text) in enumerate(ways.items())}
    constants = f"HOST = {HOST!r}\nPROOF = {os.getpid()}\nWAYS = {numbered!r}\n"
    return constants + _HELPERS


class Witness:
    """Listens on every address of this network, at a port for every way; and as name servers."""

    def __init__(self, ports: range) -> None:
        self.heard: set[str] = set()
        self._selector = selectors.DefaultSelector()
        for port in ports:
            self._listen(port, socket.SOCK_STREAM)
            self._listen(port, socket.SOCK_DGRAM)
        self._listen(53, socket.SOCK_DGRAM)
        threading.Thread(target=self._serve, daemon=True).start()

    def _listen(self, port: int, kind: socket.SocketKind) -> None:
        one = socket.socket(socket.AF_INET, kind)
        one.bind(("0.0.0.0", port))
        if kind is socket.SOCK_STREAM:
            one.listen(16)
        self._selector.register(one, selectors.EVENT_READ, port)

    def _serve(self) -> None:
        while True:
            for key, _ in self._selector.select():
                one = key.fileobj
                assert isinstance(one, socket.socket)
                if one.type is socket.SOCK_STREAM:
                    one.accept()[0].close()
                    said = ""
                else:
                    question, client = one.recvfrom(512)
                    said = f" {question[12:40]!r}"
                    # As a name server: there is no such name.
                    one.sendto(question[:2] + b"\x81\x83\0\1" + bytes(6) + question[12:], client)
                self.heard.add(f"{key.data}{said}")


def add_address(name: str, address: str) -> None:
    """An address for loopback, as an interface of its own name."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        packed = struct.pack("16sH2x4s8x", name.encode(), socket.AF_INET, socket.inet_aton(address))
        fcntl.ioctl(one, 0x8916, packed)  # SIOCSIFADDR


def main(held: str) -> None:
    from codemods.migrate_openai.prove import launch
    from codemods.migrate_openai.prove.model import Isolation
    from codemods.migrate_openai.prove.scratch import scratch
    from personalvibe.replay.offline import namespace

    assert namespace.leave() == ""
    servers = re.findall(r"^nameserver (\d+\.\S+)", Path("/etc/resolv.conf").read_text(), re.M)
    for number, address in enumerate([HOST, *servers]):
        with contextlib.suppress(OSError):
            add_address(f"lo:{number}", address)
    witness = Witness(range(FIRST_PORT, FIRST_PORT + 100))
    socket.create_connection((HOST, int(CONTROL)), 5).close()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "main.py").write_text(program(held))
        command = [sys.executable, "main.py"]
        if held == "nothing":
            alone = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
            output, errors = alone.stdout, alone.stderr
        else:
            with scratch(Path(folder).resolve()) as place:
                run = launch.run(command, place, place.root, timeout=120, isolation=Isolation(held))
            output, errors, held = run.output, run.errors, run.isolation.value
    lines = output.splitlines()
    ended = json.loads(lines[-1]) if lines else errors
    found = {"heard": sorted(witness.heard), "held": held, "ended": ended, "user": os.getuid()}
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
