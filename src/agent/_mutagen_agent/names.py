"""How a test names classes, functions and modules; evaluating such an expression with nothing but its imports."""
import builtins
import inspect
import sys

NAMES_CHANGED_LATER = {("re", "PatternError"): "error"}  # the old name works in every version


def resolve(module, qualname):
    thing = sys.modules.get(module)
    for part in qualname.split("."):
        if thing is None:
            return None
        try:
            thing = inspect.getattr_static(thing, part) if isinstance(thing, type) else getattr(thing, part)
        except Exception:
            return None
    return thing


def dotted_works(module):
    """False when `import a.b` does not lead to the module because package a has another thing called b."""
    thing, path = None, ""
    for part in module.split("."):
        path = path + "." + part if path else part
        thing = sys.modules.get(part) if thing is None else getattr(thing, part, None)
        if thing is None or thing is not sys.modules.get(path):
            return False
    return True


def named(module, name):
    """(expression, import line) for a module's attribute path."""
    if module == "builtins":
        return name, ""
    if dotted_works(module):
        return module + "." + name, "import " + module
    return name, "from %s import %s" % (module, name.split(".")[0])


def path_to(thing, home=None):
    """(expression, import line) that names a class or function, or None when it cannot be imported."""
    module = getattr(thing, "__module__", None)
    name = getattr(thing, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(name, str) or "<" in name or module == "__main__":
        return None
    if module == "builtins":
        return (name, "") if getattr(builtins, name, None) is thing else None
    name = NAMES_CHANGED_LATER.get((module, name), name)
    if home is not None and home != module and "." not in name and resolve(home, name) is thing:
        return named(home, name)
    if module.split(".")[-1].startswith("_"):  # _csv.Error is known as csv.Error
        public = ".".join(module.split(".")[:-1] + [module.split(".")[-1].lstrip("_")]).strip(".")
        if public and resolve(public, name) is thing:
            module = public
    package = module.partition("._")[0]
    if package != module and resolve(package, name) is thing:  # concurrent.futures._base.CancelledError
        module = package
    if resolve(module, name) is not thing:
        return None
    return named(module, name)


_namespaces = {}


def evaluate(text, imports):
    key = tuple(imports)
    if key not in _namespaces:
        space = {}
        for line in key:
            exec(line, space)
        _namespaces[key] = space
    return eval(text, dict(_namespaces[key]))
