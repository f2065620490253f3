"""In a mutant's fork: whoever imports the target's file again, or for the first time, gets the mutated code too."""
import _frozen_importlib_external as external
import sys
import types


def of_repo(names, index):
    """Those of the modules that stand in the repo."""
    return [name for name in names if index.real_file(getattr(sys.modules[name], "__file__", None) or "<none>")]


def install(target, code):
    forget(target.fresh)
    path, get_code = target.index.real_file(target.code.co_filename), external.SourceLoader.get_code

    def mutated(self, name):
        module = get_code(self, name)
        return replaced(module, target.code, code) if module is not None and target.index.real_file(module.co_filename) == path else module

    external.SourceLoader.get_code = mutated
    return lambda: setattr(external.SourceLoader, "get_code", get_code)


def forget(names):
    for name in names:
        module = sys.modules.pop(name, None)
        package, _dot, last = name.rpartition(".")
        package = sys.modules.get(package)
        if module is not None and getattr(package, last, None) is module:
            delattr(package, last)


def replaced(code, old, new):
    """`code` with `new` in the place of the code object that stands where `old` does."""
    if code.co_firstlineno == old.co_firstlineno and code.co_name == old.co_name:
        return new
    consts = tuple(replaced(const, old, new) if isinstance(const, types.CodeType) else const for const in code.co_consts)
    return code if all(a is b for a, b in zip(consts, code.co_consts)) else code.replace(co_consts=consts)
