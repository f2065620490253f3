"""Members that differ in how their sources are written, and what happens when they are imported."""
import subprocess

from members import CALC, KNOWN, calc_tests, member, write

SAME = {"kept": 2, "verdicts": KNOWN}


def shop(repo, calc, more=()):
    write(repo, {"shop/__init__.py": "", "shop/calc.py": calc, "tests/test_calc.py": calc_tests("shop.calc"), **dict(more)})


@member("byte order mark", **SAME)
def bom(repo):
    shop(repo, b"\xef\xbb\xbf" + CALC.encode())


@member("CRLF", some=True, **SAME)
def crlf(repo):
    shop(repo, CALC.replace("\n", "\r\n").encode())


@member("latin-1 with a cookie", some=True, **SAME)
def latin1(repo):
    """Not UTF-8, and it says so: Python reads it, so do we."""
    shop(repo, b"# -*- coding: latin-1 -*-\n# Preise f\xfcr H\xe4ndler\n" + CALC.encode())


@member("not UTF-8, no cookie", kept=2, verdicts=KNOWN, says=("shop/broken.py: not UTF-8",))
def no_cookie(repo):
    """Python cannot read that one; the rest goes on."""
    shop(repo, CALC, {"shop/broken.py": b"NAME = '\xfc'\n"})


@member("tabs", **SAME)
def tabs(repo):
    shop(repo, CALC.replace("    ", "\t"))


@member("form feeds", **SAME)
def form_feeds(repo):
    """Page breaks between functions, as old GNU code has them."""
    shop(repo, CALC.replace("\n\n\ndef", "\n\n\x0c\ndef"))


@member("no newline at the end", **SAME)
def no_newline(repo):
    shop(repo, CALC.rstrip("\n"))


@member("10,000 lines", kept=2, arguments=("--target", "shop.calc.price", "--target", "shop.calc.label", "--target", "shop.calc.share"), verdicts=KNOWN)
def long_file(repo):
    shop(repo, CALC + "".join("\n\ndef f%d(n):\n    if n > %d:\n        return n\n    return -n\n" % (n, n) for n in range(1660)))


@member("deep blocks", kept=2, verdicts={**KNOWN, "NoCoverage": KNOWN["NoCoverage"] + 1})
def deep_blocks(repo):
    """Twenty loops (CPython's limit), and an expression a hundred brackets deep."""
    loops = "".join("    " * (n + 1) + "for _ in ():\n" for n in range(19)) + "    " * 20 + "pass\n"
    shop(repo, CALC, {"shop/deep.py": "def loops():\n%s\n\ndef brackets(n):\n    return %sn%s\n" % (loops, "(" * 90, ")" * 90)})


@member("cyclic imports", **SAME)
def cyclic(repo):
    write(repo, {"shop/__init__.py": "from . import calc, names\n", "shop/calc.py": "from . import names\n\n" + CALC,
                 "shop/names.py": "from . import calc\n\nDEFAULT = 'zero'\n", "tests/test_calc.py": calc_tests("shop.calc")})


@member("side effects of import", some=True, **SAME)
def side_effects(repo):
    """Prints, writes files, changes the current folder and the environment, registers an exit handler."""
    shop(repo, """import atexit, os, sys, tempfile
print("hello from import"); print("and from here", file=sys.stderr)
open("made-on-import.txt", "w").write("x")
os.environ["SHOP_SEEN"] = "1"
os.chdir(tempfile.gettempdir())
atexit.register(lambda: print("bye"))
sys.setrecursionlimit(3000)
""" + CALC)


@member("ends on import", kept=2, verdicts=KNOWN)
def exits(repo):
    """A script without a main guard that no test imports."""
    shop(repo, CALC, {"shop/script.py": "import sys\n\ndef main(args):\n    if len(args) > 3:\n        return 1\n    return 2\n\nsys.exit(main(sys.argv))\n"})


@member("threads on import", **SAME)
def threads(repo):
    """A thread that never ends: nothing can be forked from that, so new interpreters."""
    shop(repo, CALC, {"shop/__init__.py": "import threading, time\nthreading.Thread(target=lambda: time.sleep(3600), daemon=True).start()\n"})


@member("slow import", **SAME)
def slow(repo):
    shop(repo, CALC, {"shop/__init__.py": "import time\ntime.sleep(3)\n"})


@member("C extension", venv=True, **SAME)
def extension(repo):
    """Built in place; the functions around it are Python."""
    write(repo, {"setup.py": "from setuptools import Extension, setup\nsetup(name='shop', version='1', packages=['shop'], ext_modules=[Extension('shop._fast', ['shop/_fast.c'])])\n",
                 "shop/__init__.py": "", "shop/_fast.c": """
        #include <Python.h>
        static PyObject *multiply(PyObject *self, PyObject *args)
        {
            long a, b;
            return PyArg_ParseTuple(args, "ll", &a, &b) ? PyLong_FromLong(a * b) : NULL;
        }
        static PyMethodDef methods[] = { { "multiply", multiply, METH_VARARGS, "" }, { NULL, NULL, 0, NULL } };
        static struct PyModuleDef module = { PyModuleDef_HEAD_INIT, "_fast", "", -1, methods };
        PyMODINIT_FUNC PyInit__fast(void) { return PyModule_Create(&module); }
        """,
                 "shop/calc.py": "from shop import _fast\n\nMULTIPLY = _fast.multiply\n\n" + CALC, "tests/test_calc.py": calc_tests("shop.calc")})
    from zoo import python_of, skip_without_headers

    skip_without_headers()

    subprocess.run([python_of(True), "setup.py", "-q", "build_ext", "--inplace"], cwd=repo, check=True, capture_output=True)


@member("C extension, not built", exit=0, score_exit=1, venv=True, says=("cannot import name '_fast' from 'shop' (shop/__init__.py)", "next: install what the repo needs", "no score: none of the files that hold tests could be collected"))
def unbuilt(repo):
    write(repo, {"shop/__init__.py": "", "shop/_fast.c": "", "shop/calc.py": "from shop import _fast\n\n" + CALC, "tests/test_calc.py": calc_tests("shop.calc")})


@member("generated code", says=("shop/shop_pb2.py: generated code",), **SAME)
def generated(repo):
    """Nobody wants tests for the output of a generator."""
    shop(repo, CALC, {"shop/shop_pb2.py": "# -*- coding: utf-8 -*-\n# Generated by the protocol buffer compiler.  DO NOT EDIT!\n\n" + CALC,
                      "shop/schema.py": '"""Parser.\n\nThis file is @generated by a tool.\n"""\n' + CALC,
                      "shop/migrations/__init__.py": "", "shop/migrations/0001_initial.py": CALC})


@member("Python 2", kept=2, verdicts=KNOWN, says=("shop/old.py",))
def python2(repo):
    shop(repo, CALC, {"shop/old.py": "def old(n):\n    print 'old', n\n    return n\n"})


@member("NUL bytes", kept=2, verdicts=KNOWN, says=("shop/nul.py: holds NUL bytes",))
def nul(repo):
    shop(repo, CALC, {"shop/nul.py": b"def f(n):\n    return n\n\0"})


@member("shadows the standard library", **SAME)
def shadows(repo):
    """Modules called types, random and string inside the package."""
    shop(repo, CALC, {"shop/types.py": CALC.split("def label")[0].split("def price")[0] + "KIND = 1\n", "shop/random.py": "SEED = 4\n",
                      "shop/string.py": "from . import types\n"})


@member("read-only files", **SAME)
def read_only(repo):
    shop(repo, CALC)
    for path in list(repo.rglob("*")) + [repo]:
        path.chmod(0o555 if path.is_dir() else 0o444)
