"""Entry point: `python <folder of this file> zygote|confirm`, with the socket to mutagen as fd 3. Must parse on any Python."""
import os
import sys

FRAMES = 28  # so many more of ours than of plain pytest's lie below a test: one that needs all the depth there is must find it


def refuse_old_python():
    import json
    import socket

    sock = socket.fromfd(3, socket.AF_UNIX, socket.SOCK_STREAM)
    line = b""
    while not line.endswith(b"\n"):
        piece = sock.recv(65536)
        if not piece:
            return
        line += piece
    text = "mutagen needs Python 3.8 or newer in the repo's environment; %s is %d.%d" % ((sys.executable,) + tuple(sys.version_info[:2]))
    answer = {"id": json.loads(line.decode("utf-8")).get("id"), "ok": False, "kind": "old_python", "text": text}
    sock.sendall(json.dumps(answer).encode("utf-8") + b"\n")


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.realpath(entry or ".") != os.path.realpath(here)]
    if sys.version_info < (3, 8):
        refuse_old_python()
        return
    sys.setrecursionlimit(sys.getrecursionlimit() + FRAMES)
    parent = os.path.dirname(here)
    sys.path.insert(0, parent)
    from _mutagen_agent import bytecode

    bytecode.install()
    role = sys.argv[1] if len(sys.argv) > 1 else ""
    if role == "confirm":
        from _mutagen_agent import confirm as part
    elif role == "fresh":
        from _mutagen_agent import fresh as part
    elif role == "nursery":
        from _mutagen_agent import nursery as part
    else:
        from _mutagen_agent import zygote as part
    sys.path.remove(parent)
    arguments, sys.argv[:] = sys.argv[2:], ["pytest"]
    part.main(*arguments)


if __name__ == "__main__":
    main()
