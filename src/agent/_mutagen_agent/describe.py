"""What the interpreter knows about a target: parameters with types and defaults, how to get a receiver, its doctests, why it may be out of reach."""
import dataclasses
import enum
import inspect
import sys
import types

from . import annotations, examples, hints, names, values

KINDS = {
    inspect.Parameter.POSITIONAL_ONLY: "positional_only", inspect.Parameter.POSITIONAL_OR_KEYWORD: "positional",
    inspect.Parameter.KEYWORD_ONLY: "keyword", inspect.Parameter.VAR_POSITIONAL: "args", inspect.Parameter.VAR_KEYWORD: "kwargs",
}
MAX_INSTANCES = 8
MAX_UNWRAP = 8
MAX_MAKERS = 2
GENERATOR, ASYNC = 0x20, 0x80 | 0x200


class Found:
    """How the target is reached from its module: owner class (or None), the attribute as it stands there, the function behind it."""

    def __init__(self, target):
        self.owner, self.attribute, self.reason = None, None, ""
        self.function = target.functions[0] if target.functions else None
        parts = target.qualname.split(".")
        thing = target.module
        if "<locals>" in parts:
            self.reason = "not importable: defined inside another function"
            return
        for part in parts[:-1]:
            thing = vars(thing).get(part) if hasattr(thing, "__dict__") else None
            if not isinstance(thing, type):
                self.reason = "not importable: %s is no class of the module" % part
                return
            self.owner = thing
        name = parts[-1]
        if self.owner is not None and name.startswith("__") and not name.endswith("__"):
            self.reason = "not importable: the name is mangled outside its class"
            name = "_%s%s" % (parts[-2].lstrip("_"), name)
        if name not in vars(thing):
            self.reason = self.reason or "not importable: %s has no %s" % (parts[-2] if self.owner else target.module_name, name)
            return
        self.attribute = vars(thing)[name]
        if not leads_to(self.attribute, target.functions):
            self.reason = "not importable: the name %s stands for something else" % target.qualname
        elif isinstance(self.attribute, property) and not leads_to(self.attribute.fget, target.functions):
            self.reason = "not callable from outside: a property's setter or deleter"


def leads_to(thing, functions, depth=0):
    """Whether a function of the target stands behind this attribute: through wrappers, descriptors, partials and closures."""
    if any(thing is function for function in functions):
        return True
    if depth >= MAX_UNWRAP or thing is None or isinstance(thing, (type, types.ModuleType, str, int, float, bytes)) and depth:
        return False
    inner = [getattr(thing, name, None) for name in ("__wrapped__", "__func__", "func", "fget", "fset", "fdel", "_func", "function")]
    try:
        inner += [cell.cell_contents for cell in getattr(thing, "__closure__", None) or ()]
    except ValueError:
        pass  # an empty cell
    attributes = getattr(thing, "__dict__", None)
    inner += list(attributes.values())[:50] if isinstance(attributes, dict) and not isinstance(thing, type) else []
    registry = getattr(thing, "registry", None)
    inner += list(registry.values()) if isinstance(registry, types.MappingProxyType) else []
    return any(leads_to(one, functions, depth + 1) for one in inner if one is not None and one is not thing)


class Describer:
    def __init__(self, target):
        self.target = target
        self.home = target.module_name
        self.hints = hints.Hints(self.home, self.constructor)

    def signature(self, thing):
        if sys.version_info >= (3, 14):
            import annotationlib
            return inspect.signature(thing, annotation_format=annotationlib.Format.FORWARDREF)
        return inspect.signature(thing)

    def parameters(self, parameters, found_hints):
        return [self.parameter(parameter, found_hints.get(parameter.name, parameter.empty)) for parameter in parameters]

    def parameter(self, parameter, hint):
        has_default = parameter.default is not parameter.empty and type(parameter.default).__name__ != "_HAS_DEFAULT_FACTORY_CLASS"
        if hint is not parameter.empty:
            kind = self.hints.describe(hint)
            if has_default and parameter.default is None and kind["kind"] not in ("any", "none", "union"):
                kind = hints.make("union", of=[kind, hints.make("none")])
        elif has_default:
            kind = hints.of_value(parameter.default, self.hints)
        else:
            kind = hints.make("any")
        default = self.default(parameter.default) if has_default else ""
        has_default = parameter.default is not parameter.empty
        return {"name": parameter.name, "kind": KINDS[parameter.kind], "has_default": has_default, "default": default, "type": kind}

    def default(self, value):
        """An expression that needs no import but the target's module; empty when there is none."""
        if not isinstance(value, (int, float, str, bytes, type(None), tuple)):
            name = next((key for key, item in vars(self.target.module).items() if item is value and not key.startswith("__")), None)
            if name and not isinstance(value, type):
                return names.named(self.home, name)[0]
        source = values.source_of(value, self.home)
        return source.text if source and set(source.imports) <= {names.named(self.home, "x")[1]} else ""

    def function_parameters(self, found):
        """The public object's own parameters, or the function's when a wrapper passes everything on."""
        function = found.function
        module = self.target.module
        signature, annotated = None, function
        attribute = getattr(found.attribute, "__func__", found.attribute)
        if attribute is not None and attribute is not function and callable(attribute):
            try:
                outer = self.signature(attribute)
                if any(p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in outer.parameters.values()):
                    signature, annotated = outer, inspect.unwrap(attribute)
            except Exception:
                pass
        signature = signature or self.signature(function)
        parameters = list(signature.parameters.values())
        bound = found.owner is not None and not isinstance(vars(found.owner).get(function.__name__, found.attribute), staticmethod)
        if bound and parameters and parameters[0].kind in (parameters[0].POSITIONAL_ONLY, parameters[0].POSITIONAL_OR_KEYWORD):
            parameters = parameters[1:]
        known = annotations.of_function(annotated, module)
        return self.parameters(parameters, known), known

    def initializer(self, kind):
        """Parameters of a class's __init__, where its __new__ takes anything."""
        try:
            return list(self.signature(kind.__init__).parameters.values())[1:] if isinstance(kind.__init__, types.FunctionType) else []
        except Exception:
            return []

    def constructor(self, kind):
        """Parameters of a class, as its call takes them."""
        try:
            parameters = list(self.signature(kind).parameters.values())
        except Exception:
            return []
        if parameters and all(one.kind in (one.VAR_POSITIONAL, one.VAR_KEYWORD) for one in parameters):
            parameters = self.initializer(kind) or parameters
        own = dict(kind.__dict__)
        maker = next((base.__dict__[name] for base in kind.__mro__ for name in ("__init__", "__new__")
                      if isinstance(getattr(base.__dict__.get(name), "__func__", base.__dict__.get(name)), types.FunctionType)), None)
        maker = getattr(maker, "__func__", maker)
        module = sys.modules.get(kind.__module__, self.target.module)
        known = annotations.of_function(maker, module) if maker is not None else {}
        if dataclasses.is_dataclass(kind) or "_fields" in own or hasattr(kind, "__attrs_attrs__"):
            for base in reversed(kind.__mro__[:-1]):
                found = annotations.of_function(base, sys.modules.get(base.__module__, module))
                known.update((name, hint) for name, hint in found.items() if name not in known or isinstance(known[name], str))
            if hasattr(kind, "__attrs_attrs__"):
                known.update((name.lstrip("_"), hint) for name, hint in list(known.items()))
        if issubclass(kind, BaseException) and maker is None:
            return [self.parameter(inspect.Parameter("message", inspect.Parameter.POSITIONAL_ONLY), str)]
        found = self.parameters(parameters, known)
        base = next((base for base in (str, bytes, int, float) if issubclass(kind, base)), None)
        if base is not None and found and found[0]["type"]["kind"] == "any":  # Markup("a") tells a reader more than Markup(0)
            found[0]["type"] = hints.make(hints.SIMPLE[base])
        return found


MAKERS = ("from_", "parse", "create", "make", "of", "load")  # class methods of such names make objects, hint or not


def makers(kind, describer):
    """Class methods that return an object of the class, described like constructors."""
    place = hints.place_of(kind, describer.home)
    for name, attribute in list(vars(kind).items()):
        if not isinstance(attribute, classmethod) or name.startswith("_") or place is None:
            continue
        try:
            known = annotations.of_function(attribute.__func__, sys.modules.get(kind.__module__))
            back = known.get("return")
            if back is None and name.startswith(MAKERS) or back is kind or getattr(back, "__name__", "") == "Self" or back in (kind.__name__, "Self"):
                parameters = list(describer.signature(getattr(kind, name)).parameters.values())
                yield hints.make("class", name="%s.%s" % (place[1], name), module=place[0], params=describer.parameters(parameters, known))
        except Exception:  # hostile annotations
            continue


def receiver_class(found, target):
    """The class to build for a method: its owner, or a concrete subclass that inherits this very method."""
    owner = found.owner
    if not inspect.isabstract(owner) and not getattr(owner, "_is_protocol", False):
        return owner
    for sub in hints.concrete_subclasses(owner):
        attribute = inspect.getattr_static(sub, target.name, None)
        if attribute is found.attribute and hints.place_of(sub, target.module_name):
            return sub
    return None


def instances_of(kind, module, home):
    """Module-level instances, public names first."""
    found = [name for name, value in vars(module).items() if type(value) is kind or issubclass(type(value), kind) and not issubclass(type(value), type)]
    found.sort(key=lambda name: name.startswith("_"))
    if isinstance(kind, type) and issubclass(kind, enum.Enum) and hints.place_of(kind, home):
        place = hints.place_of(kind, home)
        return [names.named(place[0], "%s.%s" % (place[1], member))[0] for member in list(kind.__members__)[:MAX_INSTANCES]]
    return [names.named(home, name)[0] for name in found if not name.startswith("__")][:MAX_INSTANCES]


def describe(target, session):
    found = Found(target)
    describer = Describer(target)
    code = found.function.__code__ if found.function else None
    static = isinstance(found.attribute, (staticmethod, classmethod))
    is_property = found.attribute is not None and not static and not callable(found.attribute)
    answer = {
        "params": [], "returns": hints.make("any"), "receiver": None, "receiver_values": [], "doctests": [],
        "is_async": bool(code and code.co_flags & ASYNC), "is_generator": bool(code and code.co_flags & GENERATOR),
        "is_abstract": bool(getattr(found.function, "__isabstractmethod__", False)), "unreachable": found.reason,
    }
    if found.function is not None:
        try:
            answer["params"], known = describer.function_parameters(found)
            answer["returns"] = describer.hints.describe(known["return"]) if "return" in known else hints.make("any")
        except Exception:  # a signature nobody can read: C then calls it without arguments
            pass
        if is_property:
            answer["params"] = []
    if found.owner is not None and not static:
        kind = receiver_class(found, target)
        if kind is not None:
            answer["receiver"] = receiver = describer.hints.describe(kind)
            others = list(makers(kind, describer))[:MAX_MAKERS] if receiver["kind"] == "class" else []
            if others:
                answer["receiver"] = hints.make("union", name=receiver["name"], module=receiver["module"], of=[receiver] + others)
        answer["receiver_values"] = instances_of(found.owner, target.module, target.module_name)
        known = answer["receiver"] is not None and answer["receiver"]["kind"] != "any"
        if not known and not answer["receiver_values"] and not answer["unreachable"]:
            answer["unreachable"] = "not importable: no object of class %s can be made" % found.owner.__qualname__
    if answer["is_abstract"] and not answer["unreachable"]:
        answer["unreachable"] = "abstract: only overriding methods run"
    answer["doctests"] = examples.of_target(target, found.owner)
    return answer
