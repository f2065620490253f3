/* Every operator and every filter on one small function: the whole list of mutants, so that any one added, lost or changed is noticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "core/config.h"
#include "python/mutate.h"
#include "python/syntax.h"

/* `body` is the body of `def f(…)` on its own lines; mutants as "OPERATOR original -> replacement", one a line. */
struct example {
    int level;
    const char *body, *mutants;
};

static const struct example examples[] = {
    { 1, "y = a < b", "ROR a < b -> (False)|ROR < -> !=|ROR < -> <=" },
    { 1, "y = a >= b", "ROR a >= b -> (True)|ROR >= -> ==|ROR >= -> >" },
    { 1, "y = a == b", "ROR a == b -> (False)|ROR a == b -> (True)|ROR == -> !=" },
    { 1, "y = a < b <= c", "ROR < -> !=|ROR < -> <=|ROR <= -> <|ROR <= -> ==" },      /* a chain has no single truth value */
    { 1, "y = len(a) > 0", "ROR len(a) > 0 -> (False)|ROR > -> >=|CRP-num 0 -> 1" },  /* `!= 0` says the same */
    { 1, "while a != b: g()", "ROR a != b -> (False)|ROR != -> ==|SDL g() -> pass" }, /* never `while True` */
    { 1, "while not (a < b or c): g()", "COD not (a < b or c) -> (a < b or c)|ROR < -> !=|ROR < -> <=|LCR or -> and|SDL g() -> pass" },
    { 1, "y = a in b or c is not None", "MIR in -> not in|LCR or -> and|MIR is not -> is" },
    { 2, "y = a < b or (c == d)",
      "LCR a < b or (c == d) -> (a < b)|LCR a < b or (c == d) -> (c == d)|ROR < -> !=|ROR < -> <=|LCR or -> and|ROR c == d -> (True)|ROR == -> "
      "!=" }, /* `False or x` is x: one side kept */
    { 2, "y = a and b", "LCR a and b -> a|LCR a and b -> b|LCR and -> or" },
    { 1, "if a: g()", "COI a -> (False)|COI a -> (True)|SDL g() -> pass" },
    { 1, "if a < b: g()", "ROR a < b -> (False)|ROR < -> !=|ROR < -> <=|SDL g() -> pass" }, /* COI would only repeat ROR */
    { 1, "while a: g()", "COI a -> (False)|SDL g() -> pass" },
    { 1, "y = 'x' if a.b else 'y'", "COI a.b -> (False)|COI a.b -> (True)" },
    { 1, "y = [z for z in a if z.ok]", "COI z.ok -> (False)|COI z.ok -> (True)" },
    { 1, "if (n := a): g(n)", "COI (n := a) -> (not (n := a))|SDL g(n) -> pass" }, /* forcing it would unbind n */
    { 1, "assert a, 'm'", "COI a -> (not (a))" },
    { 1, "return not(a)", "COD not(a) -> (a)" },
    { 1, "y = not a == b", "ROR a == b -> (False)|ROR a == b -> (True)|ROR == -> !=" }, /* COD would only repeat ROR */
    { 1, "y = a + b * c ** d - e % g", "AOR + -> -|AOR * -> /|AOR ** -> *|AOR - -> +|AOR % -> //" },
    { 1, "y = len(a) * 2", "AOR * -> //|CRP-num 2 -> 1|CRP-num 2 -> 3" },
    { 1, "y = a + 'x' + b", "" }, /* text: a TypeError proves nothing */
    { 1, "y = '%s' % (a + 1)", "AOR + -> -|CRP-num 1 -> 0|CRP-num 1 -> 2" },
    { 1, "y = a * 1 + b[1:]", "CRP-num 1 -> 0|CRP-num 1 -> 2|CRP-num 1 -> 0|CRP-num 1 -> 2|SIR 1: -> :" },
    { 1, "x += 2; x //= y; x |= z; x += 'a'", "ASR += -> -=|CRP-num 2 -> 1|CRP-num 2 -> 3|ASR //= -> /=" },
    { 2, "x |= z", "SDL x |= z -> pass|ASR |= -> &=|ASR |= -> =" },
    { 2, "y = a | b ^ c << d", "BOR | -> &|BOR ^ -> &|BOR << -> >>" },
    { 2, "y = isinstance(a, int | C)", "" },
    { 1, "y = -a, ~b, +c, -1", "UOD -a -> a|UOD ~b -> b|CRP-num -1 -> -2|CRP-num -1 -> 0" },
    { 1, "y = [0x1F, 0b11, 1_000, 2j, 1.5, 1e20, a.b]",
      "CRP-num 0x1F -> 0x1e|CRP-num 0x1F -> 0x20|CRP-num 0b11 -> 0b10|CRP-num 0b11 -> 0b100|CRP-num 1_000 -> 1001|CRP-num 1_000 -> 999|"
      "CRP-num 2j -> 1j|CRP-num 2j -> 3j|CRP-num 1.5 -> 2.5|CRP-num 1e20 -> (1e20 * 2)" },
    { 1, "y = re.sub(r'(?i)([a-z\\)[(]*)', lambda m: m.group(1), a)", "CRP-num 1 -> 2" },
    { 1, "y = re.sub('(a)(b)', lambda m: m.group(1), a)", "CRP-num 1 -> 0|CRP-num 1 -> 2" },
    { 1, "y = re.sub('(a[)])+', lambda m: m.group(1), a)", "CRP-num 1 -> 0|CRP-num 1 -> 2" },
    { 1, "y = re.sub('(?:a)', lambda m: m.group(1), a)", "CRP-num 1 -> 0|CRP-num 1 -> 2" },
    { 1, "y = re.sub('(a)', lambda m: n.group(1), a)", "CRP-num 1 -> 0|CRP-num 1 -> 2" },
    { 1, "y = a % 1, b[::1], 1 .real", "AOR % -> //|CRP-num 1 -> 2|SIR ::1 -> ::|CRP-num 1 -> 2|CRP-num 1 -> (0)|CRP-num 1 -> (2)" },
    { 1, "y = True; g(k=False)", "CRP-bool True -> False|SDL g(k=False) -> pass|CRP-bool False -> True" },
    { 1, "return a", "RVR a -> None" },
    { 1, "return(a)", "RVR (a) -> (None)" },
    { 1, "return True", "CRP-bool True -> False" },
    { 1, "return [a]", "RVR [a] -> []" },
    { 1, "return a, b", "RVR a, b -> ()" },
    { 1, "return 'x'", "RVR 'x' -> \"\"" },
    { 1, "return ''", "" },
    { 1, "return None", "" },
    { 1, "return (yield a)", "" }, /* it would no longer be a generator */
    { 1, "a.b = c; d[0] = e; f = g; del h.i, j; raise I", "SDL a.b = c -> pass|SDL d[0] = e -> pass|SDL del h.i, j -> pass|SDL raise I -> pass" },
    { 2, "del h; del i, j", "" }, /* a name that lives longer changes nothing */
    { 3, "assert a; await b()", "SDL assert a -> pass|XMT assert a; await b() -> return None|COI a -> (not (a))|SDL await b() -> pass" },
    { 1, "for i in a:\n        if i: continue\n        break",
      "ZIL a -> ()|COI i -> (False)|COI i -> (True)|BCR continue -> break|BCR break -> continue" },
    { 1, "while a:\n        break", "COI a -> (False)" }, /* it would never end */
    { 1, "try: pass\n    except E as e:\n        x = 1\n        g(x)\n    except F:\n        raise",
      "EXR E -> ()|EXS x = 1\n        g(x) -> raise\n|CRP-num 1 -> 0|CRP-num 1 -> 2|SDL g(x) -> pass|SDL raise -> pass" },
    { 1, "y = a[b:c:d], e[0:]", "SIR b:c:d -> :c:d|SIR b:c:d -> b::d|SIR b:c:d -> b:c:|CRP-num 0 -> 1" },
    { 2, "y = 'a', b'', f'{a}'", "CRP-str 'a' -> \"\"|CRP-str b'' -> b\"mutagen\"|CRP-str f'{a}' -> f\"\"" },
    { 2, "raise E('no')", "SDL raise E('no') -> pass" },
    { 3, "raise E('no')", "SDL raise E('no') -> pass|CRP-str 'no' -> \"\"" },
    { 2, "y = open(p, 'r', encoding='utf8'), str(b, 'utf8'), g(a).encode('utf8', 'strict')", "" },
    { 2, "assert a, 'm'; h(help='text')", "COI a -> (not (a))|SDL h(help='text') -> pass" },
    { 2, "msg = 'no %s' % x\n    raise E(msg)", "SDL raise E(msg) -> pass" },
    { 2, "msg = 'no %s' % x\n    raise E(x)", "CRP-str 'no %s' -> \"\"|SDL raise E(x) -> pass" },
    { 2, "y = g(a, b, 1)", "ARG a, b -> b, a|CRP-num 1 -> 0|CRP-num 1 -> 2" },
    { 2, "y = hasattr(a, b), B.f(self, a)", "" },
    { 2, "y = min(a), b.startswith(c), c.min(a)", "MSW min -> max|MSW startswith -> endswith" },
    { 2, "y = [a], {}, {b}", "CNT [a] -> []|CNT {b} -> set()" },
    { 2, "match a:\n        case [b]: g()\n        case _ if b: h()",
      "MCR [b] -> [b] if False|SDL g() -> pass|COI b -> (False)|COI b -> (True)|SDL h() -> pass" },
    { 2, "y = a == 3, 0 != b, a == b",
      "ROR a == 3 -> (False)|ROR a == 3 -> (True)|ROR == -> !=|ROR == -> <=|ROR == -> >=|CRP-num 3 -> 2|"
      "CRP-num 3 -> 4|CRP-num 0 -> 1|ROR 0 != b -> (False)|ROR 0 != b -> (True)|ROR != -> <|ROR != -> ==|ROR != -> >|ROR a == b -> (False)|"
      "ROR a == b -> (True)|ROR == -> !=" },
    { 2, "y = len(a) == 0", "ROR len(a) == 0 -> (False)|ROR len(a) == 0 -> (True)|ROR == -> !=|CRP-num 0 -> 1" }, /* never below 0 */
    { 2, "y = a.find(b) != -1, -1 == c % 2",
      "ROR a.find(b) != -1 -> (False)|ROR a.find(b) != -1 -> (True)|MSW find -> rfind|ROR != -> ==|"
      "CRP-num -1 -> -2|CRP-num -1 -> 0|CRP-num -1 -> -2|CRP-num -1 -> 0|ROR -1 == c % 2 -> (False)|ROR -1 == c % 2 -> (True)|ROR == -> !=|"
      "ROR == -> <=|ROR == -> >=|AOR % -> //|CRP-num 2 -> 1|CRP-num 2 -> 3" },
    { 2, "y = 1.5, 0.0, -2.5", "CRP-num 1.5 -> (-1.5)|CRP-num 1.5 -> 2.5|CRP-num 0.0 -> 1.0|CRP-num 2.5 -> 3.5" },
    { 2, "return None", "CRP-none None -> \"\"" },
    { 2, "g(None)", "SDL g(None) -> pass" },
    { 2, "for i in a:\n        if i: g()\n        h()  # one\n    while a: k(); m()",
      "ZIL a -> ()|COI i -> (False)|COI i -> (True)|SDL g() -> pass|OIL h() -> h(); break|SDL h() -> pass|COI a -> (False)|SDL k() -> pass|"
      "OIL m() -> m(); break|SDL m() -> pass" },
    { 2, "for i in [a]:\n        if i: return", "ZIL [a] -> ()|COI i -> (False)|COI i -> (True)" }, /* no simple statement last; CNT is ZIL there */
    { 1, "try: pass\n    except (A, B, C): h()",
      "EXR (A, B, C) -> (A, B)|EXR (A, B, C) -> (A, C)|EXR (A, B, C) -> (B, C)|SDL h() -> pass|EXS h() -> raise" },
    { 1, "try: pass\n    except (A,\n            B) as e: x = 2",
      "EXR (A,\n            B) -> (A,\n)|EXR (A,\n            B) -> (B,\n)|EXS x = 2 -> raise|CRP-num 2 -> 1|CRP-num 2 -> 3" },
    { 1, "try: pass\n    except A as e: raise B from e", "SDL raise B from e -> pass|EXS raise B from e -> raise" }, /* EXR would say the same */
    { 1, "try: pass\n    except A: raise\n    except: h()", "EXR A -> ()|SDL raise -> pass|SDL h() -> pass|EXS h() -> raise" },
    { 1, "try: pass\n    except A:\n        g()\n        raise", "SDL g() -> pass|SDL raise -> pass" },
    { 1, "try: pass\n    except A: nonlocal b; b = x", "EXR A -> ()" }, /* EXS would take the declaration away */
    { 1, "try: pass\n    except* A: x = y\n    except* B: x = y", "" },
    { 2, "y = sorted(a, key=b), sorted(a, key=None), f(a, x=1), c(d=1)",
      "ARG-key , key=b -> |MSW key=b -> key=b, reverse=True|MSW key=None -> key=None, reverse=True|CRP-num 1 -> 0|CRP-num 1 -> 2|CRP-num 1 -> "
      "0|CRP-num 1 -> 2" },
    { 2, "def h(k=None, *, m: int = 3): return x\n    y = h(k=a, m=3), h(m=b)",
      "DEF None -> \"\"|DEF 3 -> 3 + 1|RVR x -> None|ARG-key k=a,  -> |CRP-num 3 -> 2|CRP-num 3 -> 4|ARG-key m=b -> " },
    { 2, "y = dict(a=b,\n      c=d,)", "ARG-key a=b,\n       -> \n|ARG-key ,\n      c=d -> \n" },
    { 2, "y = sorted(z for z in a), sorted(a, reverse=b), a.sort()",
      "MSW (z for z in a) -> ((z for z in a), reverse=True)|ARG-key , reverse=b -> |MSW ( -> (reverse=True" },
    { 2, "min = a; y = min(b), a.split(b), a.split(b, c), a.index(b), a.index('b')",
      "MSW split -> rsplit|ARG b, c -> c, b|MSW index -> rindex|CRP-str 'b' -> \"\"" }, /* the file's own `min`; same without a limit */
    { 2, "def g(a=1, b='x', c=True, d=[], e=None, *, k: int = -2): return a\n    return lambda d=f'{a}': 3",
      "DEF 1 -> 1 + 1|DEF 'x' -> \"\"|DEF True -> False|DEF None -> \"\"|DEF -2 -> -2 + 1|RVR a -> None|RVR lambda d=f'{a}': 3 -> None|"
      "CRP-num 3 -> 2|CRP-num 3 -> 4" },
    { 3, "@a\n    @b(\n      1)\n    def g(): return c",
      "DDL @a -> |DDL @b(\n      1) -> \n|CRP-num 1 -> -1|CRP-num 1 -> 0|CRP-num 1 -> 2|RVR c -> None" },
    { 3, "g()\n    return a  # last", "SDL g() -> pass|XMT g()\n    return a -> return None\n|RVR a -> None" },
    { 3, "g(); yield a", "SDL g() -> pass" }, /* a generator must stay one */
    { 3, "x = a; z = b; z = c",
      "SDL x = a -> pass|XMT x = a; z = b; z = c -> return None|AVR a -> None|AVR b -> None|SDL z = c -> pass|AVR c -> None" }, /* not z = b: a NameError */
    { 3, "return 'aB', 'a\\n', f'{a}c', '1'",
      "CRP-str 'aB' -> \"\"|CRP-str 'aB' -> 'Ab'|CRP-str 'aB' -> 'XXaBXX'|RVR 'aB', 'a\\n', f'{a}c', '1' -> ()|CRP-str 'a\\n' -> \"\"|CRP-str 'a\\n' "
      "-> 'XXa\\nXX'|CRP-str f'{a}c' -> f\"\"|CRP-str f'{a}c' -> f'XX{a}cXX'|CRP-str '1' -> \"\"|CRP-str '1' -> 'XX1XX'" },
    /* level 3: the full sets */
    { 3, "return a < b", "ROR a < b -> (False)|ROR a < b -> (True)|ROR < -> !=|ROR < -> <=|ROR < -> ==|ROR < -> >|ROR < -> >=" },
    { 3, "return a != b.c, 3 == a",
      "ROR a != b.c -> (False)|ROR a != b.c -> (True)|RVR a != b.c, 3 == a -> ()|ROR != -> <|ROR != -> <=|ROR != -> ==|ROR != -> >|ROR != -> "
      ">=|CRP-num 3 -> -1|CRP-num 3 -> -3|CRP-num 3 -> 0|CRP-num 3 -> 1|CRP-num 3 -> 2|CRP-num 3 -> 4|ROR 3 == a -> (False)|ROR 3 == a -> (True)|ROR "
      "== -> !=|ROR == -> <|ROR == -> <=|ROR == -> >|ROR == -> >=" },
    { 3, "return a < b == c",
      "RVR a < b == c -> False|ROR < -> !=|ROR < -> <=|ROR < -> ==|ROR < -> >|ROR < -> >=|ROR == -> !=|ROR == -> <|ROR == -> <=|ROR == -> >|ROR == "
      "-> >=" },
    { 3, "return a == 'b', a != None, Color.RED == a, type(a) != b, a == b.__class__, a == c[1:]",
      "ROR a == 'b' -> (False)|ROR a == 'b' -> (True)|RVR a == 'b', a != None, Color.RED == a, type(a) != b, a == b.__class__, a == c[1:] -> ()|ROR "
      "== -> !=|CRP-str 'b' -> \"\"|CRP-str 'b' -> 'B'|CRP-str 'b' -> 'XXbXX'|ROR a != None -> (False)|ROR a != None -> (True)|ROR != -> ==|ROR "
      "Color.RED == a -> (False)|ROR Color.RED == a -> (True)|ROR == -> !=|ROR type(a) != b -> (False)|ROR type(a) != b -> (True)|ROR != -> ==|ROR a "
      "== b.__class__ -> (False)|ROR a == b.__class__ -> (True)|ROR == -> !=|ROR a == c[1:] -> (False)|ROR a == c[1:] -> (True)|ROR == -> !=|CRP-num "
      "1 -> -1|CRP-num 1 -> 0|CRP-num 1 -> 2|SIR 1: -> :" }, /* no order */
    { 3, "return a == LIMIT", "ROR a == LIMIT -> (False)|ROR a == LIMIT -> (True)|ROR == -> !=|ROR == -> <|ROR == -> <=|ROR == -> >|ROR == -> >=" },
    { 3, "return len(a) > 0, 0 >= len(a), len(a) == 0, len(a) < 0, (a % 2) > 0",
      "ROR len(a) > 0 -> (False)|RVR len(a) > 0, 0 >= len(a), len(a) == 0, len(a) < 0, (a % 2) > 0 -> ()|ROR > -> ==|ROR > -> >=|CRP-num 0 -> "
      "1|CRP-num 0 -> 1|ROR 0 >= len(a) -> (True)|ROR >= -> !=|ROR >= -> >|ROR len(a) == 0 -> (False)|ROR len(a) == 0 -> (True)|ROR == -> !=|CRP-num "
      "0 -> 1|ROR len(a) < 0 -> (False)|ROR < -> !=|ROR < -> <=|CRP-num 0 -> 1|ROR (a % 2) > 0 -> (False)|AOR % -> *|AOR % -> +|AOR % -> -|AOR % -> "
      "//|CRP-num 2 -> -1|CRP-num 2 -> -2|CRP-num 2 -> 1|CRP-num 2 -> 3|ROR > -> !=|ROR > -> ==|ROR > -> >=|CRP-num 0 -> 1" }, /* four comparisons in all */
    { 3, "return a < b and c",
      "ROR a < b -> (False)|LCR a < b and c -> (a < b)|LCR a < b and c -> c|ROR < -> !=|ROR < -> <=|ROR < -> ==|ROR < -> >|ROR < -> >=|LCR and -> "
      "or" }, /* `True and c` is c */
    { 3, "while a < b: g()",
      "ROR a < b -> (False)|ROR < -> !=|ROR < -> <=|ROR < -> ==|ROR < -> >|ROR < -> >=|OIL g() -> g(); break|SDL g() -> pass" }, /* never `while True` */
    { 3, "return a + b, a - b, a * b, a / b",
      "RVR a + b, a - b, a * b, a / b -> ()|AOR + -> %|AOR + -> *|AOR + -> -|AOR + -> /|AOR - -> %|AOR - -> *|AOR - -> +|AOR - -> /|AOR * -> %|AOR * "
      "-> +|AOR * -> -|AOR * -> /|AOR / -> %|AOR / -> *|AOR / -> +|AOR / -> -" },
    { 3, "return a // b, a % b, a ** b",
      "RVR a // b, a % b, a ** b -> ()|AOR // -> *|AOR // -> +|AOR // -> -|AOR // -> /|AOR % -> *|AOR % -> +|AOR % -> -|AOR % -> //|AOR ** -> *|AOR "
      "** -> +|AOR ** -> -|AOR ** -> /" },
    { 3, "return a + 1, a - 0, 1 + a, 1 - a, 0 - a, a * 1, a / -1, a % 1, a * 0, 2 * 3",
      "RVR a + 1, a - 0, 1 + a, 1 - a, 0 - a, a * 1, a / -1, a % 1, a * 0, 2 * 3 -> ()|AOR + -> -|CRP-num 1 -> 0|CRP-num 1 -> 2|CRP-num 0 -> "
      "-1|CRP-num 0 -> 1|CRP-num 1 -> -1|CRP-num 1 -> 0|CRP-num 1 -> 2|AOR + -> -|CRP-num 1 -> -1|CRP-num 1 -> 0|CRP-num 1 -> 2|AOR - -> %|AOR - -> "
      "*|AOR - -> +|AOR - -> //|CRP-num 0 -> -1|CRP-num 0 -> 1|AOR - -> +|CRP-num 1 -> -1|CRP-num 1 -> 0|CRP-num 1 -> 2|CRP-num -1 -> -2|CRP-num -1 "
      "-> 1|AOR % -> +|AOR % -> -|AOR % -> //|CRP-num 1 -> -1|CRP-num 1 -> 2|AOR * -> /|CRP-num 0 -> -1|CRP-num 0 -> 1|CRP-num 2 -> -1|CRP-num 2 -> "
      "-2|CRP-num 2 -> 0|CRP-num 2 -> 1|CRP-num 2 -> 3|AOR * -> //|CRP-num 3 -> -1|CRP-num 3 -> -3|CRP-num 3 -> 0|CRP-num 3 -> 1|CRP-num 3 -> "
      "2|CRP-num 3 -> 4" }, /* one and zero */
    { 3, "return a + len(b), c[a - b], range(a + b), c[a - b:]",
      "RVR a + len(b), c[a - b], range(a + b), c[a - b:] -> ()|AOR + -> %|AOR + -> *|AOR + -> -|AOR + -> //|AOR - -> %|AOR - -> *|AOR - -> +|AOR - "
      "-> //|AOR + -> %|AOR + -> *|AOR + -> -|AOR + -> //|SIR a - b: -> :|AOR - -> %|AOR - -> *|AOR - -> +|AOR - -> //" }, /* no fraction there */
    { 3, "return a / b / 'c', a - set(b), a * [b]",
      "RVR a / b / 'c', a - set(b), a * [b] -> ()|AOR / -> *|CRP-str 'c' -> \"\"|CRP-str 'c' -> 'C'|CRP-str 'c' -> 'XXcXX'|AOR - -> +|ARG-last b -> "
      "|CNT [b] -> []" },
    { 3, "x += y; x -= y; x *= y; x /= y",
      "SDL x += y -> pass|XMT x += y; x -= y; x *= y; x /= y -> return None|ASR += -> %=|ASR += -> *=|ASR += -> -=|ASR += -> /=|ASR += -> =|SDL x -= "
      "y -> pass|ASR -= -> %=|ASR -= -> *=|ASR -= -> +=|ASR -= -> /=|ASR -= -> =|SDL x *= y -> pass|ASR *= -> %=|ASR *= -> +=|ASR *= -> -=|ASR *= -> "
      "/=|ASR *= -> =|SDL x /= y -> pass|ASR /= -> %=|ASR /= -> *=|ASR /= -> +=|ASR /= -> -=|ASR /= -> =" },
    { 3, "x //= y; x %= y; x **= y; x += 1; x += [y]; x @= y",
      "SDL x //= y -> pass|XMT x //= y; x %= y; x **= y; x += 1; x += [y]; x @= y -> return None|ASR //= -> *=|ASR //= -> +=|ASR //= -> -=|ASR //= "
      "-> /=|ASR //= -> =|SDL x %= y -> pass|ASR %= -> *=|ASR %= -> +=|ASR %= -> -=|ASR %= -> //=|ASR %= -> =|SDL x **= y -> pass|ASR **= -> *=|ASR "
      "**= -> +=|ASR **= -> -=|ASR **= -> /=|ASR **= -> =|SDL x += 1 -> pass|ASR += -> -=|ASR += -> =|CRP-num 1 -> 0|CRP-num 1 -> 2|SDL x += [y] -> "
      "pass|ASR += -> =|CNT [y] -> []|SDL x @= y -> pass|ASR @= -> =" },
    { 3, "x &= y; x |= y; x ^= y; x <<= y; x |= re.I",
      "SDL x &= y -> pass|XMT x &= y; x |= y; x ^= y; x <<= y; x |= re.I -> return None|ASR &= -> =|ASR &= -> ^=|ASR &= -> |=|SDL x |= y -> pass|ASR "
      "|= -> &=|ASR |= -> =|ASR |= -> ^=|SDL x ^= y -> pass|ASR ^= -> &=|ASR ^= -> =|ASR ^= -> |=|SDL x <<= y -> pass|ASR <<= -> =|ASR <<= -> "
      ">>=|SDL x |= re.I -> pass|ASR |= -> &=|ASR |= -> =" },
    { 3, "return a & b, a | b, a ^ b, a << b, c | re.A | B, a | b << c",
      "RVR a & b, a | b, a ^ b, a << b, c | re.A | B, a | b << c -> ()|BOR & -> ^|BOR & -> ||BOR | -> &|BOR | -> ^|BOR ^ -> &|BOR ^ -> ||BOR << -> "
      ">>|BOR | -> &|BOR | -> &|BOR | -> &|BOR << -> >>" }, /* disjoint bits */
    { 3, "return 7, 0, 1, 2, -1, -3",
      "CRP-num 7 -> -1|CRP-num 7 -> -7|CRP-num 7 -> 0|CRP-num 7 -> 1|CRP-num 7 -> 6|CRP-num 7 -> 8|RVR 7, 0, 1, 2, -1, -3 -> ()|CRP-num 0 -> "
      "-1|CRP-num 0 -> 1|CRP-num 1 -> -1|CRP-num 1 -> 0|CRP-num 1 -> 2|CRP-num 2 -> -1|CRP-num 2 -> -2|CRP-num 2 -> 0|CRP-num 2 -> 1|CRP-num 2 -> "
      "3|CRP-num -1 -> -2|CRP-num -1 -> 0|CRP-num -1 -> 1|CRP-num -3 -> -1|CRP-num -3 -> -2|CRP-num -3 -> -4|CRP-num -3 -> 0|CRP-num -3 -> 1|CRP-num "
      "-3 -> 3" },
    { 3, "return a - 5, a + 5, a * 5, '-' * 5, a << 5, 5 ** a",
      "RVR a - 5, a + 5, a * 5, '-' * 5, a << 5, 5 ** a -> ()|AOR - -> %|AOR - -> *|AOR - -> +|AOR - -> //|CRP-num 5 -> -1|CRP-num 5 -> 0|CRP-num 5 "
      "-> 1|CRP-num 5 -> 4|CRP-num 5 -> 6|AOR + -> %|AOR + -> *|AOR + -> -|AOR + -> //|CRP-num 5 -> -1|CRP-num 5 -> 0|CRP-num 5 -> 1|CRP-num 5 -> "
      "4|CRP-num 5 -> 6|AOR * -> %|AOR * -> +|AOR * -> -|AOR * -> /|CRP-num 5 -> -1|CRP-num 5 -> -5|CRP-num 5 -> 0|CRP-num 5 -> 1|CRP-num 5 -> "
      "4|CRP-num 5 -> 6|CRP-str '-' -> \"\"|CRP-str '-' -> 'XX-XX'|CRP-num 5 -> 0|CRP-num 5 -> 1|CRP-num 5 -> 4|CRP-num 5 -> 6|BOR << -> >>|CRP-num "
      "5 -> 0|CRP-num 5 -> 1|CRP-num 5 -> 4|CRP-num 5 -> 6|CRP-num 5 -> 0|CRP-num 5 -> 1|CRP-num 5 -> 4|CRP-num 5 -> 6|AOR ** -> *|AOR ** -> +|AOR "
      "** -> -|AOR ** -> //" },
    { 3, "return a / 5, a[::2], range(a, b, 2)",
      "RVR a / 5, a[::2], range(a, b, 2) -> ()|AOR / -> %|AOR / -> *|AOR / -> +|AOR / -> -|CRP-num 5 -> -1|CRP-num 5 -> -5|CRP-num 5 -> 1|CRP-num 5 "
      "-> 4|CRP-num 5 -> 6|SIR ::2 -> ::|CRP-num 2 -> -1|CRP-num 2 -> -2|CRP-num 2 -> 1|CRP-num 2 -> 3|ARG a, b -> b, a|ARG-last , 2 -> |CRP-num 2 "
      "-> -1|CRP-num 2 -> -2|CRP-num 2 -> 1|CRP-num 2 -> 3" }, /* no zero */
    { 3, "return range(9), range(a, 9), m.group(2), a.split(b, 2), (len(a)) == 4, int(a, 16)",
      "RVR range(9), range(a, 9), m.group(2), a.split(b, 2), (len(a)) == 4, int(a, 16) -> ()|CRP-num 9 -> 0|CRP-num 9 -> 1|CRP-num 9 -> 10|CRP-num 9 "
      "-> 8|ARG-last , 9 -> |CRP-num 9 -> 0|CRP-num 9 -> 1|CRP-num 9 -> 10|CRP-num 9 -> 8|ARG-last 2 -> |CRP-num 2 -> 0|CRP-num 2 -> 1|CRP-num 2 -> "
      "3|MSW split -> rsplit|ARG-none b -> None|ARG-last , 2 -> |CRP-num 2 -> -1|CRP-num 2 -> 0|CRP-num 2 -> 1|CRP-num 2 -> 3|ROR (len(a)) == 4 -> "
      "(False)|ROR (len(a)) == 4 -> (True)|ROR == -> !=|ROR == -> <|ROR == -> <=|ROR == -> >|ROR == -> >=|CRP-num 4 -> 0|CRP-num 4 -> 1|CRP-num 4 -> "
      "3|CRP-num 4 -> 5|ARG-last , 16 -> |CRP-num 16 -> 0|CRP-num 16 -> 15|CRP-num 16 -> 17" }, /* below zero is nothing new */
    { 3, "return 0x1F, 2j, 3 .real, 'x'[0], a[0]",
      "CRP-num 0x1F -> -0x1|CRP-num 0x1F -> 0x0|CRP-num 0x1F -> 0x1|CRP-num 0x1F -> 0x1e|CRP-num 0x1F -> 0x20|RVR 0x1F, 2j, 3 .real, 'x'[0], a[0] -> "
      "()|CRP-num 2j -> -2j|CRP-num 2j -> 1j|CRP-num 2j -> 3j|CRP-num 3 -> (-1)|CRP-num 3 -> (-3)|CRP-num 3 -> (0)|CRP-num 3 -> (1)|CRP-num 3 -> "
      "(2)|CRP-num 3 -> (4)|CRP-str 'x' -> \"\"|CRP-str 'x' -> 'X'|CRP-str 'x' -> 'XXxXX'|CRP-num 0 -> 1|CRP-num 0 -> -1|CRP-num 0 -> 1" },
    { 3, "return 2.5, 1.0, 0.0, -1., -2.5, a / 3.0",
      "CRP-num 2.5 -> (-2.5)|CRP-num 2.5 -> -1.0|CRP-num 2.5 -> 0.0|CRP-num 2.5 -> 1.0|CRP-num 2.5 -> 3.5|RVR 2.5, 1.0, 0.0, -1., -2.5, a / 3.0 -> "
      "()|CRP-num 1.0 -> (-1.0)|CRP-num 1.0 -> 0.0|CRP-num 1.0 -> 2.0|CRP-num 0.0 -> -1.0|CRP-num 0.0 -> 1.0|CRP-num -1. -> 0.0|CRP-num -1. -> "
      "1.0|CRP-num 1. -> 2.|CRP-num -2.5 -> -1.0|CRP-num -2.5 -> 0.0|CRP-num -2.5 -> 1.0|CRP-num -2.5 -> 2.5|CRP-num 2.5 -> 3.5|AOR / -> %|AOR / -> "
      "*|AOR / -> +|AOR / -> -|CRP-num 3.0 -> (-3.0)|CRP-num 3.0 -> -1.0|CRP-num 3.0 -> 1.0|CRP-num 3.0 -> 4.0" },
    { 3, "return 'a', '', 'b' 'c', b'd', f'{a}', '''\n    e'''",
      "CRP-str 'a' -> \"\"|CRP-str 'a' -> 'A'|CRP-str 'a' -> 'XXaXX'|RVR 'a', '', 'b' 'c', b'd', f'{a}', '''\n    e''' -> (\n)|CRP-str '' -> "
      "\"mutagen\"|CRP-str 'b' -> \"\"|CRP-str 'b' -> 'B'|CRP-str 'b' -> 'XXbXX'|CRP-str 'c' -> \"\"|CRP-str 'c' -> 'C'|CRP-str 'c' -> "
      "'XXcXX'|CRP-str b'd' -> b\"\"|CRP-str b'd' -> b'D'|CRP-str b'd' -> b'XXdXX'|CRP-str f'{a}' -> f\"\"|CRP-str f'{a}' -> f'XX{a}XX'|CRP-str "
      "'''\n    e''' -> '''\n    E'''|CRP-str '''\n    e''' -> '''XX\n    eXX'''|CRP-str '''\n    e''' -> (\"\"\n)" },
    { 3, "return a in 'bc', 'd' in a, a.strip('e')",
      "RVR a in 'bc', 'd' in a, a.strip('e') -> ()|MIR in -> not in|CRP-str 'bc' -> \"\"|CRP-str 'bc' -> 'BC'|CRP-str 'd' -> \"\"|CRP-str 'd' -> "
      "'D'|CRP-str 'd' -> 'XXdXX'|MIR in -> not in|ARG-last 'e' -> |CRP-str 'e' -> \"\"|CRP-str 'e' -> 'E'" }, /* characters */
    { 3, "raise E('a', b)", "SDL raise E('a', b) -> pass|CRP-str 'a' -> \"\"" },                               /* a message */
    { 3, "x = g(a); x: int = a.b; x = y = a; x, y = a",
      "SDL x = g(a) -> pass|XMT x = g(a); x: int = a.b; x = y = a; x, y = a -> return None|AVR g(a) -> None|ARG-none a -> None|SDL x: int = a.b -> "
      "pass|AVR a.b -> None|SDL x = y = a -> pass" },
    { 3, "x = None; x = 0; x = True; x = []; x = ''; x = dict(); x = not a; x = (yield a); _ = a",
      "SDL x = None -> pass|SDL x = 0 -> pass|CRP-num 0 -> -1|CRP-num 0 -> 1|SDL x = True -> pass|CRP-bool True -> False|SDL x = [] -> pass|SDL x = "
      "'' -> pass|CRP-str '' -> \"mutagen\"|SDL x = dict() -> pass|SDL x = not a -> pass|COD not a -> a" },   /* other operators say it */
    { 3, "x = a\n    return x", "SDL x = a -> pass|XMT x = a\n    return x -> return None\n|RVR x -> None" }, /* RVR says it */
    { 3, "x = g(\n        a)\n    return y",
      "SDL x = g(\n        a) -> pass\n|XMT x = g(\n        a)\n    return y -> return None\n\n|AVR g(\n        a) -> (None\n)|ARG-none a -> "
      "None|RVR y -> None" },
    { 3, "class C:\n        x = a.b\n    g()", "XMT class C:\n        x = a.b\n    g() -> return None\n\n|SDL g() -> pass" }, /* not local */
    { 3, "return g(a, *b, **c), g(k=b, t=None, u=True), h(x for x in y), g((z := a))",
      "RVR g(a, *b, **c), g(k=b, t=None, u=True), h(x for x in y), g((z := a)) -> ()|ARG-none a -> None|ARG-none b -> None|CRP-bool True -> False" },
    { 3, "return len(a), b.join(a), super(A, b), cast(A, b), open(a, 'r'), a.encode('b'), g(mode='w'), g(k, timeout=b), B.g(self)",
      "RVR len(a), b.join(a), super(A, b), cast(A, b), open(a, 'r'), a.encode('b'), g(mode='w'), g(k, timeout=b), B.g(self) -> ()|ARG-none k -> "
      "None" },
    { 3, "return g(a, b), g(a), g(a, k=c), g(a, b, k=c)",
      "RVR g(a, b), g(a), g(a, k=c), g(a, b, k=c) -> ()|ARG-none a -> None|ARG a, b -> b, a|ARG-last , b -> |ARG-none b -> None|ARG-none a -> "
      "None|ARG-none a -> None|ARG-none c -> None|ARG-none a -> None|ARG a, b -> b, a|ARG-last , b -> |ARG-none b -> None|ARG-none c -> None" },
    { 3, "return a.pop(0), a.strip(b), d.get(k, None), d.get(k, e), list(a), int(a), zip(a, b), m.group(0), m.end(1), m.end(2), b.format(a, c)",
      "RVR a.pop(0), a.strip(b), d.get(k, None), d.get(k, e), list(a), int(a), zip(a, b), m.group(0), m.end(1), m.end(2), b.format(a, c) -> "
      "()|ARG-last 0 -> |CRP-num 0 -> -1|CRP-num 0 -> 1|ARG-last b -> |ARG-none k -> None|ARG-none k -> None|ARG k, e -> e, k|ARG-last , e -> "
      "|ARG-last a -> |ARG-last a -> |ARG a, b -> b, a|ARG-last , b -> |CRP-num 0 -> 1|CRP-num 1 -> 0|CRP-num 1 -> 2|ARG-last 2 -> |CRP-num 2 -> "
      "0|CRP-num 2 -> 1|CRP-num 2 -> 3|ARG-none a -> None|ARG a, c -> c, a|ARG-none c -> None" },
    { 3, "return sorted(a, key=b), dict(a=b)",
      "RVR sorted(a, key=b), dict(a=b) -> ()|ARG-key , key=b -> |MSW key=b -> key=b, reverse=True|ARG-key a=b -> " }, /* left out already */
    { 3, "return g(\n        a,\n        b)",
      "RVR g(\n        a,\n        b) -> (None\n\n)|ARG-none a -> None|ARG a,\n        b -> b,\n        a|ARG-last ,\n        b -> \n|ARG-none b -> "
      "None" },
    { 3, "def g(a, b, c=None, d=e): return 1\n    return g(a), g(a, b, c), g(a, b, c, d), g(a, b, c, e)",
      "XMT def g(a, b, c=None, d=e): return 1\n    return g(a), g(a, b, c), g(a, b, c, d), g(a, b, c, e) -> return None\n|DEF None -> \"\"|CRP-num 1 "
      "-> -1|CRP-num 1 -> 0|CRP-num 1 -> 2|RVR g(a), g(a, b, c), g(a, b, c, d), g(a, b, c, e) -> ()|ARG-none a -> None|ARG-none a -> None|ARG a, b "
      "-> b, a|ARG-none b -> None|ARG-none c -> None|ARG-none a -> None|ARG a, b -> b, a|ARG-none b -> None|ARG-none c -> None|ARG-last , d -> "
      "|ARG-none d -> None|ARG-none a -> None|ARG a, b -> b, a|ARG-none b -> None|ARG-none c -> None|ARG-none e -> None" },
    { 3, "def h(*a): return 1\n    class C:\n        def __init__(self, a=1): a.b()\n    return h(a), C(a), C(1)",
      "XMT def h(*a): return 1\n    class C:\n        def __init__(self, a=1): a.b()\n    return h(a), C(a), C(1) -> return None\n\n\n|CRP-num 1 -> "
      "-1|CRP-num 1 -> 0|CRP-num 1 -> 2|DEF 1 -> 1 + 1|SDL a.b() -> pass|RVR h(a), C(a), C(1) -> ()|ARG-last a -> |ARG-none a -> None|ARG-last a -> "
      "|ARG-none a -> None|CRP-num 1 -> -1|CRP-num 1 -> 0|CRP-num 1 -> 2" },
    /* filters */
    { 2, "\"doc 1\"; x: int = a; import b; global c; __version__ = 2", "" },
    { 3, "print(1); log.info(2); self._logger.debug('%s', a + 1); warnings.warn('x'); time.sleep(3)", "" },
    { 1, "g(timeout=3, k=4)", "SDL g(timeout=3, k=4) -> pass|CRP-num 4 -> 3|CRP-num 4 -> 5" },
    { 3, "if a:  # pragma: no cover\n        g(1)\n    x = 1  # pragma: no mutate\n    ...", "" },
    { 2, "if TYPE_CHECKING: x.y = 1\n    if sys.version_info > (3, 8): g()", "SDL g() -> pass" },
    { 3, "if 0 and a: g()\n    if False: h()\n    else: k()",
      "XMT if 0 and a: g()\n    if False: h()\n    else: k() -> return None\n\n|SDL k() -> pass" },
    { 3, "_LOGGER.info('a %s', b); logging.getLogger('a').debug('b'); self.log().error('c')", "" },
    { 2, "y = cast('T', x), typing.cast(A | B, x)", "" },
    { 2, "y = b if sys.platform == 'win32' or __debug__ else x", "" },
    { 1, "if a.pos.name: g()", "COI a.pos.name -> (False)|COI a.pos.name -> (True)|SDL g() -> pass" },
    { 1, "def g(b=1, *, c: int = 2): return b\n    return lambda d=3: d + e", "RVR b -> None|RVR lambda d=3: d + e -> None|AOR + -> -" },
    { 1, "y = f'{a + b:>{c + 1}}'", "AOR + -> -" },
    { 1, "raise NotImplementedError", "" },
};

/* Of the first function; their texts are the module's, which the caller frees. */
static struct mg_mutants mutants_of(struct mg_arena *arena, struct mg_str source, int level, struct mg_module **module)
{
    struct mg_functions functions = { 0 };
    struct mg_mutants mutants = { 0 };
    assert_int_equal(mg_module_parse(source, module, NULL), MG_OK);
    mg_module_functions(*module, arena, &functions);
    assert_true(functions.len > 0);
    assert_false(functions.at[0].has_error);
    mg_function_mutants(*module, &functions.at[0], MG_STR("m"), MG_STR("m.f"), level, arena, &mutants);
    return mutants;
}

static struct mg_str render(struct mg_arena *arena, struct mg_str source, int level)
{
    struct mg_module *module = NULL;
    struct mg_mutants mutants = mutants_of(arena, source, level, &module);
    struct mg_buf out = MG_BUF(100000);
    for (size_t i = 0; i < mutants.len; i++)
        mg_buf_addf(&out, "%s%s %.*s -> %.*s", i ? "|" : "", mutants.at[i].operator_name, MG_FMT(mutants.at[i].original),
                    MG_FMT(mutants.at[i].replacement));
    mg_module_free(module);
    return mg_buf_take(&out, arena);
}

static void every_example_gives_exactly_its_mutants(void **unused)
{
    (void)unused;
    unsigned wrong = 0;
    for (size_t i = 0; i < MG_COUNT(examples); i++) {
        struct mg_arena *arena = mg_arena_new();
        struct mg_str source = mg_arena_printf(arena, "async def f(x, y):\n    %s\n", examples[i].body);
        struct mg_str seen = render(arena, source, examples[i].level);
        if (!mg_str_is(seen, examples[i].mutants))
            print_error("%s\n  is:        %.*s\n  should be: %s\n", examples[i].body, MG_FMT(seen), examples[i].mutants), wrong++;
        mg_arena_free(arena);
    }
    assert_int_equal(wrong, 0);
}

static void functions_that_are_no_code_have_no_mutants(void **unused)
{
    (void)unused;
    static const char *const sources[] = {
        "@overload\ndef f(x): return x\n",
        "@typing.overload\ndef f(x): return x\n",
        "def f(x): ...\n",
        "@abstractmethod\ndef f(x):\n    'doc'\n    pass\n",
        "def f(x):  # pragma: no cover\n    return x\n",
        "@dec  # pragma: no mutate\ndef f(\n    x,\n):\n    return x\n",
        "def __eq__(self, o):\n    if self is o:\n        return True\n    return NotImplemented if o else 0\n",
    };
    for (size_t i = 0; i < MG_COUNT(sources); i++) {
        struct mg_arena *arena = mg_arena_new();
        struct mg_str seen = render(arena, mg_str_from(sources[i]), 3);
        const char *expected = i + 1 < MG_COUNT(sources)
                                   ? ""
                                   : "XMT if self is o:\n        return True\n    return NotImplemented if o else 0 -> return None\n\n|RVR "
                                     "NotImplemented if o else 0 -> None|COI o -> (False)|COI o -> (True)|CRP-num 0 -> -1|CRP-num 0 -> 1";
        if (!mg_str_is(seen, expected))
            fail_msg("%s is: %.*s", sources[i], MG_FMT(seen));
        mg_arena_free(arena);
    }
}

/* The examples that `mutagen operators` prints are true. */
static void every_operator_makes_its_own_example(void **unused)
{
    (void)unused;
    struct mg_operator_row row;
    for (size_t i = 0; (row = mg_operator_row_at(i)).name; i++) {
        struct mg_arena *arena = mg_arena_new();
        struct mg_str source = mg_arena_printf(arena, "def f():\n    %s\n", row.before),
                      wanted = mg_arena_printf(arena, "def f():\n    %s", row.after);
        struct mg_operator_choice only = mg_operator_choose(row.level, &(struct mg_str){ row.name, strlen(row.name) }, 1);
        struct mg_module *module = NULL;
        struct mg_functions functions = { 0 };
        struct mg_mutants mutants = { 0 };
        assert_int_equal(mg_module_parse(source, &module, NULL), MG_OK);
        mg_module_functions(module, arena, &functions);
        mg_chosen_mutants(module, &functions.at[0], MG_STR("m"), MG_STR("m.f"), &only, arena, &mutants);
        bool found = false;
        for (size_t m = 0; m < mutants.len; m++) {
            assert_string_equal(mutants.at[m].operator_name, row.name);
            found |= mg_str_eq(mg_mutant_function_text(source, &functions.at[0], &mutants.at[m], arena), wanted);
        }
        if (!found)
            fail_msg("%s does not make %s of %s", row.name, row.after, row.before);
        mg_module_free(module);
        mg_arena_free(arena);
    }
}

static int level_of(const struct mg_operator_choice *choice, const char *name)
{
    size_t i = 0;
    while (strcmp(mg_operator_row_at(i).name, name) != 0)
        i++;
    return choice->level[i];
}

static void words_switch_operators(void **unused)
{
    (void)unused;
    static const struct {
        const char *words[3];
        int level, ror, exs, xmt;
    } cases[] = {
        { { NULL }, 2, 2, 2, 2 },          { { "-ROR" }, 2, 0, 2, 2 },         { { "+XMT" }, 1, 1, 1, 3 },         { { "EXS" }, 1, 0, 1, 0 },
        { { "EXS", "+XMT" }, 1, 0, 1, 3 }, { { "-EXS", "+EXS" }, 1, 1, 3, 1 }, { { "+EXS", "-EXS" }, 1, 1, 0, 1 },
    };
    for (size_t i = 0; i < MG_COUNT(cases); i++) {
        struct mg_str words[3];
        size_t count = 0;
        for (; count < 3 && cases[i].words[count]; count++)
            words[count] = mg_str_from(cases[i].words[count]);
        struct mg_operator_choice choice = mg_operator_choose(cases[i].level, words, count);
        assert_int_equal(level_of(&choice, "ROR"), cases[i].ror);
        assert_int_equal(level_of(&choice, "EXS"), cases[i].exs);
        assert_int_equal(level_of(&choice, "XMT"), cases[i].xmt);
    }
}

/* The configuration refuses other names; it must know all of these. */
static void the_configuration_knows_every_operator(void **unused)
{
    (void)unused;
    const struct mg_setting *setting = mg_setting_find(MG_STR("mutation.operators"));
    assert_non_null(setting);
    struct mg_str rest = mg_str_from(setting->words), word;
    size_t count = 0;
    for (; mg_str_next_part(&rest, ' ', &word); count++)
        assert_true(mg_operator_row_at(count).name && mg_str_is(word, mg_operator_row_at(count).name));
    assert_null(mg_operator_row_at(count).name);
}

/* `os.rename(a)` fails whatever the tests say; `os.path.split` is not the method of texts. */
static void functions_of_modules_keep_what_they_need(void **unused)
{
    (void)unused;
    static const struct {
        const char *call, *last; /* the argument that is left out */
    } cases[] = {
        { "os.rename(a, b)", NULL },   { "os.path.split(a)", NULL }, { "a.split(b)", "b" },           { "s.rename(a, b)", ", b" },
        { "re.compile(a, b)", ", b" }, { "re.sub(a, b, c)", NULL },  { "re.sub(a, b, c, d)", ", d" }, { "sys.exit(a)", "a" },
    };
    for (size_t i = 0; i < MG_COUNT(cases); i++) {
        struct mg_arena *arena = mg_arena_new();
        struct mg_str source = mg_arena_printf(arena, "import os, re\nimport sys as sys\ndef f(a):\n    return %s\n", cases[i].call);
        struct mg_str seen = render(arena, source, 3), wanted = MG_STR("ARG-last ");
        if (cases[i].last)
            wanted = mg_arena_printf(arena, "ARG-last %s -> ", cases[i].last);
        if (mg_str_contains(seen, wanted.at) != (cases[i].last != NULL))
            fail_msg("%s: %.*s", cases[i].call, MG_FMT(seen));
        mg_arena_free(arena);
    }
}

static void a_value_of_a_module_is_no_local_one(void **unused)
{
    (void)unused;
    struct mg_arena *arena = mg_arena_new();
    struct mg_module *module = NULL;
    struct mg_mutants mutants = { 0 };
    struct mg_operator_choice only = mg_operator_choose(3, (struct mg_str[]){ MG_STR("AVR") }, 1);
    assert_int_equal(mg_module_parse(MG_STR("x = g(a)\nclass A:\n    y = g(b)\n"), &module, NULL), MG_OK);
    mg_module_mutants(module, MG_STR("m"), &only, arena, &mutants);
    assert_int_equal(mutants.len, 0);
    mg_module_free(module);
    mg_arena_free(arena);
}

static void text_for_people_is_not_level_one(void **unused)
{
    (void)unused;
    struct mg_arena *arena = mg_arena_new();
    struct mg_str source = MG_STR("def __repr__(self):\n    return self.a + 1\n");
    assert_true(mg_str_is(render(arena, source, 1), ""));
    assert_true(mg_str_is(render(arena, source, 2), "RVR self.a + 1 -> None|AOR + -> -|CRP-num 1 -> 0|CRP-num 1 -> 2"));
    mg_arena_free(arena);
}

static void defaults_of_the_function_itself_are_activated_by_its_body(void **unused)
{
    (void)unused;
    struct mg_arena *arena = mg_arena_new();
    struct mg_module *module = NULL;
    struct mg_mutants mutants = mutants_of(arena, MG_STR("def f(a,\n      b=2):\n    g()\n    return a\n"), 2, &module);
    assert_string_equal(mutants.at[0].operator_name, "DEF");
    assert_int_equal(mutants.at[0].span_line, 2);
    assert_int_equal(mutants.at[0].line, 3);
    assert_int_equal(mutants.at[0].end_line, 4);
    mg_module_free(module);
    mg_arena_free(arena);
}

/* A wrapper made by an earlier call runs without the default, and without a new body. */
static void lines_of_functions_inside_do_not_activate_what_a_call_does(void **unused)
{
    (void)unused;
    struct mg_arena *arena = mg_arena_new();
    unsigned seen = 0;
    struct mg_str source = MG_STR("def f(a=2):\n    if a:\n        g()\n    @w(\n        a)\n    def h():\n        return 1\n    return h\n");
    struct mg_module *module = NULL;
    struct mg_mutants mutants = mutants_of(arena, source, 3, &module);
    for (size_t i = 0; i < mutants.len; i++) {
        if (strcmp(mutants.at[i].operator_name, "DEF") != 0 && strcmp(mutants.at[i].operator_name, "XMT") != 0)
            continue;
        assert_int_equal(mutants.at[i].line, 2);
        assert_int_equal(mutants.at[i].end_line, 6);
        seen++;
    }
    assert_int_equal(seen, 2);
    mg_module_free(module);
    mg_arena_free(arena);
}

static void identity_survives_moved_code_and_tells_twins_apart(void **unused)
{
    (void)unused;
    struct mg_arena *arena = mg_arena_new();
    struct mg_mutants found[2] = { 0 };
    static const char *const sources[] = { "def f(x):\n    return x + 1, x + 1\n",
                                           "import os\n\n\ndef f(x):\n    x.y = z  # new\n    return x + 1, x + 1\n" };
    for (size_t i = 0; i < 2; i++) {
        struct mg_module *module = NULL;
        found[i] = mutants_of(arena, mg_str_from(sources[i]), 1, &module);
        mg_module_free(module);
    }
    assert_int_equal(found[0].len, 7);
    assert_int_equal(found[1].len, 8);
    for (size_t i = 0; i < 7; i++) {
        assert_true(mg_str_eq(found[0].at[i].id, found[1].at[i + 1].id));
        for (size_t j = 0; j < i; j++)
            assert_false(mg_str_eq(found[0].at[i].id, found[0].at[j].id));
    }
    mg_arena_free(arena);
}

static void places_count_utf16_units_and_lines_of_the_whole_expression(void **unused)
{
    (void)unused;
    struct mg_arena *arena = mg_arena_new();
    struct mg_str text = MG_STR("def f(x):\n    g('\xC3\xA9\xF0\x9D\x92\xB3', x <\n      3)\n");
    struct mg_module *module = NULL;
    struct mg_mutants mutants = mutants_of(arena, text, 1, &module);
    const struct mg_mutant *swap = NULL;
    for (size_t i = 0; i < mutants.len; i++)
        if (mg_str_is(mutants.at[i].original, "<"))
            swap = &mutants.at[i];
    assert_non_null(swap);
    assert_int_equal(swap->span_line, 2);
    assert_int_equal(swap->column, 16); /* é is one unit, the script X two */
    assert_int_equal(swap->end_column, 17);
    assert_int_equal(swap->line, 2);
    assert_int_equal(swap->end_line, 3);
    mg_module_free(module);
    mg_arena_free(arena);
}

/* `make` and `twice` have their bodies for themselves: the module has what runs when they are made. */
static void a_module_has_decorators_and_defaults_that_are_computed(void **unused)
{
    (void)unused;
    struct mg_arena *arena = mg_arena_new();
    struct mg_module *module = NULL;
    struct mg_mutants mutants = { 0 };
    struct mg_operator_choice only = mg_operator_choose(2, (struct mg_str[]){ MG_STR("AOR") }, 1);
    struct mg_str text = MG_STR("@d(\n  1 + n\n)\ndef make(a=n - 2, b: 3 + 4 = 5, *, c=6 * n):\n    return a - b\n"
                                "class A:\n    @d(n % 8)\n    def m(self): return 9 + n\n"
                                "@typing.overload\n@d(n + 10)\ndef f(a=n + 11): ...\n");
    assert_int_equal(mg_module_parse(text, &module, NULL), MG_OK);
    mg_module_mutants(module, MG_STR("m"), &only, arena, &mutants);
    assert_int_equal(mutants.len, 4);
    static const char *const originals[] = { "+", "-", "*", "%" };
    for (size_t i = 0; i < 4; i++)
        assert_true(mg_str_is(mutants.at[i].original, originals[i]));
    assert_int_equal(mutants.at[0].span_line, 2);
    assert_int_equal(mutants.at[0].line, 1); /* the whole header: constants that are folded have no line of their own */
    assert_int_equal(mutants.at[0].end_line, 4);
    mg_module_free(module);
    mg_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_example_gives_exactly_its_mutants),
        cmocka_unit_test(functions_that_are_no_code_have_no_mutants),
        cmocka_unit_test(every_operator_makes_its_own_example),
        cmocka_unit_test(words_switch_operators),
        cmocka_unit_test(the_configuration_knows_every_operator),
        cmocka_unit_test(functions_of_modules_keep_what_they_need),
        cmocka_unit_test(a_value_of_a_module_is_no_local_one),
        cmocka_unit_test(text_for_people_is_not_level_one),
        cmocka_unit_test(defaults_of_the_function_itself_are_activated_by_its_body),
        cmocka_unit_test(lines_of_functions_inside_do_not_activate_what_a_call_does),
        cmocka_unit_test(identity_survives_moved_code_and_tells_twins_apart),
        cmocka_unit_test(a_module_has_decorators_and_defaults_that_are_computed),
        cmocka_unit_test(places_count_utf16_units_and_lines_of_the_whole_expression),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
