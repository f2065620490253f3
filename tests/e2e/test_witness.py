"""A survivor's witness: an input on which it and the original differ, as `score`, `show mutant` and the JSON tell it."""
import json
import os
import re

import pytest

from conftest import Desk, tree

SHOP = '''
class Closed(Exception):
    pass


class Cart:
    def __init__(self, count):
        self.count = count

    def total(self, price, fee=2):
        if price > 10:
            return self.count * price
        return self.count * price + fee

    def add(self, n):
        self.count += n
        return None


def discount(price):
    if price < 0:
        return price / 20
    return price - price // 10


def opened(hour):
    if hour < 8:
        raise Closed("closed until 8 o'clock")
    return True


def halves(n):
    for step in range(n):
        yield step * 2


def size(text):
    if len(text) > 0:
        return len(text)
    return 0


def note(n):
    if n > 5:
        if n > 7:
            open("/tmp/mutagen-witness-was-here", "w").write("x")
        return 2
    return 1
'''
TESTS = '''
from shop import Cart, discount, halves, note, opened, size


def test_cart():
    assert Cart(3).total(20)
    assert Cart(3).total(1)
    Cart(3).add(2)


def test_discount():
    discount(-5), discount(50)


def test_opened():
    opened(12)
    try:
        opened(1)
    except Exception:
        pass


def test_halves():
    list(halves(3))


def test_size():
    assert size("ab") and not size("")


def test_note():
    note(1)
'''
FILES = {"shop.py": SHOP, "tests/test_shop.py": TESTS}


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    desk = Desk(tmp_path_factory.mktemp("witness"))
    desk.files = desk.repo(FILES)
    desk.before = tree(desk.files)
    desk.told = desk("score", "repo", "--all", "--json", "out.json", "--no-progress")
    assert desk.told.code == 0, desk.told
    return desk


def survivors(desk, name="out.json"):
    report = json.loads((desk.folder / name).read_text())
    return [mutant for mutant in report["files"]["shop.py"]["mutants"] if mutant["status"] == "Survived"]


def on_line(desk, text):
    line = SHOP.splitlines().index(text) + 1
    return [mutant for mutant in survivors(desk) if mutant["location"]["start"]["line"] == line]


def values(witness):
    found = re.fullmatch(r"(.*) → (.*), mutant → (.*)", witness)
    assert found, witness
    return found.groups()


def test_the_witness_is_true(scored):
    """Both sides are what Python says of the call, with and without the mutant."""
    checked = 0
    for mutant in survivors(scored):
        start, end = (mutant["location"][key] for key in ("start", "end"))
        if not mutant["statusReason"].startswith(("discount(", "Cart(", "size(")) or start["line"] != end["line"]:
            continue
        call, ours, theirs = values(mutant["statusReason"])
        lines = SHOP.splitlines(keepends=True)
        line = lines[start["line"] - 1]
        lines[start["line"] - 1] = line[:start["column"] - 1] + mutant["replacement"] + line[end["column"] - 1:]
        for source, said in ((SHOP, ours), ("".join(lines), theirs)):
            names = {}
            exec(source, names)
            try:
                *before, last = call.split("; ")
                exec("\n".join(before), names)
                assert repr(eval(last, names)) == said, (mutant, said)
            except AssertionError:
                raise
            except Exception as error:
                assert said.startswith("raises " + type(error).__name__), (mutant, said)
        checked += 1
    assert checked >= 8


def test_values_exceptions_methods_state_and_elements(scored):
    assert any(re.fullmatch(r"discount\(-?\d+\) → -?[\d.]+, mutant → -?[\d.]+", one["statusReason"]) for one in on_line(scored, "    if price < 0:"))
    assert any(re.fullmatch(r"opened\(8\) → True, mutant → raises (shop\.)?Closed\(\"closed until 8 o'clock\"\)", one["statusReason"])
               for one in on_line(scored, "    if hour < 8:"))
    assert any("raises" in values(one["statusReason"])[1] and values(one["statusReason"])[2] == "True" for one in on_line(scored, "    if hour < 8:"))
    assert all(one["statusReason"].startswith("Cart(") and ").total(" in one["statusReason"] for one in on_line(scored, "        if price > 10:"))
    state = [one["statusReason"] for one in on_line(scored, "        self.count += n")]
    assert state and all(re.match(r"cart = Cart\(.*\); cart\.add\(.*\); cart\.count → ", one) for one in state), state
    assert any(one["statusReason"].startswith("list(halves(") for one in on_line(scored, "        yield step * 2"))


def test_an_equivalent_mutant_has_none_and_counts_as_before(scored):
    equal = [one for one in on_line(scored, "    if len(text) > 0:") if one["replacement"] in (">=", "len(text) >= 0")]
    assert equal and all(re.fullmatch(r"no input found that tells them apart \(\d+ calls compared\)", one["statusReason"]) for one in equal), equal
    assert "no input found that tells them apart (" in scored.told.out
    found = re.search(r"\nscore: .*\((\d+) of (\d+) mutants", scored.told.out)
    assert int(found[2]) - int(found[1]) >= len(survivors(scored)), "it counts as before"


def test_it_is_shown_and_nothing_is_written(scored):
    for mutant in survivors(scored):
        assert "    " + mutant["statusReason"] + "\n" in scored.told.out, mutant
    one = on_line(scored, "    if price < 0:")[0]
    assert f"\nwitness: {one['statusReason']}\n" in scored("show", "mutant", one["id"]).out
    assert tree(scored.files) == scored.before


def test_a_call_that_would_write_a_file_is_no_witness(scored):
    told = [one.get("statusReason", "") for one in on_line(scored, "    if n > 5:")]
    assert told and all(re.match(r"note\(-?[0-7](\.\d+)?\) → |note\(-|no input|$", one) for one in told), told
    assert not os.path.exists("/tmp/mutagen-witness-was-here")


def test_the_same_again_from_the_cache_and_without_it(scored):
    told = {mutant["id"]: mutant["statusReason"] for mutant in survivors(scored)}
    again = scored("score", "repo", "--all", "--json", "again.json", "--no-progress")
    assert "nothing has changed since" in again.out
    assert told == {mutant["id"]: mutant["statusReason"] for mutant in survivors(scored, "again.json")}
    scored("score", "repo", "--json", "fresh.json", "--no-cache", "--no-progress", "--jobs", "1")
    assert told == {mutant["id"]: mutant["statusReason"] for mutant in survivors(scored, "fresh.json")}


def test_all_asks_for_those_that_were_not_shown(tmp_path):
    desk = Desk(tmp_path)
    desk.repo(FILES)
    first = desk("score", "repo", "--no-progress").out
    assert first.count(", mutant → ") + first.count("no input found") == 5
    hidden = re.findall(r"show mutant ([0-9a-f]{12})", desk("score", "repo", "--all", "--no-progress", "--json", "out.json").out)
    assert all("statusReason" in one for one in survivors(desk)) and len(hidden) == len(survivors(desk))
    assert re.search(r"verdicts: \d+ from the cache, nothing has changed since", desk("score", "repo", "--all", "--no-progress").out)


def test_without_witnesses_no_call_is_made_and_verdicts_stay(scored, tmp_path):
    desk = Desk(tmp_path)
    desk.repo(FILES)
    told = desk("score", "repo", "--all", "--json", "out.json", "--no-witnesses", "--no-progress")
    assert told.code == 0 and ", mutant → " not in told.out and "no input found" not in told.out and "[witnesses]" not in told.err, told
    found = survivors(desk)
    assert [one["id"] for one in found] == [one["id"] for one in survivors(scored)] and not any("statusReason" in one for one in found)
    assert "\nwitness: not looked for: the score was asked for verdicts alone" in desk("show", "mutant", found[0]["id"]).out
    again = desk("score", "repo", "--all", "--no-witnesses", "--no-progress").out
    assert "nothing has changed since" in again and ", mutant → " not in again
    with_them = desk("score", "repo", "--all", "--no-progress").out
    assert ", mutant → " in with_them and "verdicts: 0 measured" in with_them
    (desk.folder / "mutagen.toml").write_text("[mutation]\nwitnesses = false\n")
    assert ", mutant → " not in desk("score", "repo", "--all", "--no-progress").out


def test_two_errors_of_one_class_are_told_apart_by_their_words(tmp_path):
    """The mutant's are the interpreter's own: no assertion could have them, but they are all the difference that there is."""
    desk = Desk(tmp_path)
    desk.repo({"kept.py": 'def kept(when):\n    if isinstance(when, str):\n        raise TypeError("kept() takes a number")\n    return when < 5\n',
               "tests/test_kept.py": "import pytest\nfrom kept import kept\n\n\ndef test_kept():\n    assert kept(3)\n    with pytest.raises(TypeError):\n        kept('a')\n"})
    told = desk("score", "repo", "--all", "--no-progress", "--operators", "SDL")
    sides = re.findall(r"^    kept\(.*\) → raises (TypeError.*), mutant → raises (TypeError.*)$", told.out, re.M)
    assert sides and all(one == "TypeError('kept() takes a number')" and "'<' not supported between" in other for one, other in sides), told
